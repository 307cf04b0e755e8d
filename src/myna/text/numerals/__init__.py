"""Numbers as words, per language."""
