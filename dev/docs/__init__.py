"""The site of docs/: what MkDocs does not do by itself."""
