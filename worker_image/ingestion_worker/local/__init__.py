"""A whole run on one machine, without a cluster: `ingest run`."""
