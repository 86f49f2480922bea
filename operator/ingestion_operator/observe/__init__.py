"""What is seen of the cluster: raw objects and metrics pages in, immutable views out."""
