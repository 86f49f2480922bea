"""From the moment that the operator can see an OOM to what it does about it, with many runs at once."""
