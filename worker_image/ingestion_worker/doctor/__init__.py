"""Tells whether this machine can run an ingestion: each thing ok, or what to do."""
