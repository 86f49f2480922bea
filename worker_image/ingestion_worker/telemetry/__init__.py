"""What the worker says of itself."""
