"""The languages. Each is a file of words, `de.toml`, and, where data is not enough, a class beside it, `de.py`."""
