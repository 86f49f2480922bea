"""The worker: a plain program that turns videos into transcripts and vectors, on a laptop and in a pod."""
