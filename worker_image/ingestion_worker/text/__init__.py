"""Text: words, chunks, and what people read for times, stages and states."""
