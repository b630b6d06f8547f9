"""How this process has memory from the system, and gives back what it no longer needs.

glibc gives each thread a heap of its own and keeps most of what was freed in it: with the threads that decode images
that is tens of megabytes, and more for hours. Here all share one heap, large pieces are had from the system one by one
and go back when they are freed, and so does the heap's end; what lies freed in its midst goes back when asked for.
"""

from __future__ import annotations

import ctypes
from typing import Final

# As in malloc.h.
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_LARGE: Final = 128 * 1024


def share_one_heap() -> bool:
    """Set the allocator of this process so, before it has threads; whether it is one that can be set, as glibc's."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    # A threshold that is set once no longer grows with what is freed.
    wanted = ((_M_ARENA_MAX, 1), (_M_MMAP_THRESHOLD, _LARGE), (_M_TRIM_THRESHOLD, _LARGE))
    taken = [mallopt(option, value) == 1 for option, value in wanted]
    return all(taken)


def give_back() -> bool:
    """Give the system every page of the heap that lies freed between what is in use; whether there was one.

    Only freed pieces are looked at: a fraction of a millisecond with a heap of 60 MB.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return False
    return bool(trim(0))
