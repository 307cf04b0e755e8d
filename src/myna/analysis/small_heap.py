"""Has the C library keep little of what is not needed any more. Elsewhere than with glibc nothing happens."""

import ctypes

_ARENA_MAX = -8
"""Its number in glibc's `mallopt`."""


def keep_heap_small() -> None:
    """For the whole process, before it has threads: one heap, not one for each. Of any other `trim_heap` cannot give
    back the end, up to 64 MB of what large arrays left."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)


def trim_heap() -> None:
    """Give back what large short-lived arrays left behind: some milliseconds, in which no thread gets memory."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
