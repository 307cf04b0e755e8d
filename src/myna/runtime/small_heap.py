"""Has the C library give memory back that is not needed any more."""

import ctypes

_ARENA_MAX = -8
"""Its number in glibc's `mallopt`."""


def keep_heap_small() -> None:
    """For the whole process; where the C library is not glibc nothing happens.

    By default each thread has a heap of its own, and what large arrays leave in each is kept until `trim_heap`. Two
    heaps cost no time. (Arrays of a megabyte and more apart from them, given back at once, kept 64 MB less, but to
    listen to a clone took 14.9 s in place of 11.8: the system had to clear each array anew.)
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 2)
