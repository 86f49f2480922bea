"""The controller: observes a run, decides, and applies what was decided."""
