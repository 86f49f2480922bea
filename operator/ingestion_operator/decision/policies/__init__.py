"""The rules of the decision, one per file: each answers with a verdict, or not at all."""
