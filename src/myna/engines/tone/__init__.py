"""A deterministic engine without weights: the plug-in example, and what tests and load tests speak with."""
