"""The demonstration with a real Prometheus beside it, whose alerts fire and clear."""
