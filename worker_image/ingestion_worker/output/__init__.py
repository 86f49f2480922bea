"""What is written: transcripts, vectors, records."""
