"""The objects that a run wants in the cluster, as plain data. Pure."""
