"""The steps of a run, each a command."""
