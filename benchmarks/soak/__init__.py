"""Runs come and go for a long time, and nothing of the operator or of the cluster's objects may grow."""
