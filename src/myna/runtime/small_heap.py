"""Has the C library give memory back that is not needed any more."""

import ctypes

_ARENA_MAX = -8
"""Its number in glibc's `mallopt`."""


def keep_heap_small() -> None:
    """For the whole process, if it is glibc, before it has threads: one heap, not one for each. Of any other
    `malloc_trim` cannot give back the end, up to 64 MB of what large arrays left."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
