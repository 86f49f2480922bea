"""The way from a decision into the cluster: status first, then Jobs, then limits, then events."""
