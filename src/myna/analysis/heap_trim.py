"""Gives freed memory back to the system."""

import ctypes


def trim_heap() -> None:
    """Ask the C library for what large short-lived arrays left behind: some milliseconds, in which no thread gets
    memory. Elsewhere than with glibc nothing happens."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
