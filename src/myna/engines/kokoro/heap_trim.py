"""Gives freed memory back to the system."""

import ctypes


def trim_heap() -> None:
    """Ask the C library for it: glibc keeps what large short-lived arrays leave behind. Elsewhere nothing happens."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
