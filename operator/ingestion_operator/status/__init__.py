"""What is told to people: conditions, counts and the verdict of a run. Pure."""
