"""The worker: turns videos into transcripts and vectors, in a pod or on a laptop."""
