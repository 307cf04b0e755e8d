"""Myna: self-hosted instant voice cloning."""

__version__ = "0.1.0"
