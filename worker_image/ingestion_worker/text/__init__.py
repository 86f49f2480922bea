"""Text: words, chunks."""
