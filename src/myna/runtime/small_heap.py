"""Has the C library give memory back that is not needed any more."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Numbers of glibc's `mallopt`."""


def keep_heap_small() -> None:
    """For the whole process; where the C library is not glibc nothing happens.

    By default each thread has a heap of its own, and what large arrays leave in it is kept: after two clones half of
    2 GB was empty. With two heaps, and arrays of a megabyte and more apart from them, speech costs the same.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 2)
        mallopt(_MMAP_THRESHOLD, 1 << 20)
        mallopt(_TRIM_THRESHOLD, 16 << 20)
