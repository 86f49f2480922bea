"""`kubectl ingest`: what runs do, what a manifest would do, and a new run of what failed."""
