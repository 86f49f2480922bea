"""The demonstration: the founding incident, survived on a real Kubernetes API."""
