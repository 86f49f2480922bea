"""What to do: a pure function from a snapshot and a moment to a decision."""
