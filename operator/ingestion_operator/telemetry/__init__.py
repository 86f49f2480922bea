"""What the operator says of itself to Prometheus."""
