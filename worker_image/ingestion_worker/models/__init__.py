"""The speech model and the embedder of a worker."""
