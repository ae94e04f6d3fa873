"""What a process that takes calls does before the first one."""

from __future__ import annotations

import gc
import resource
import sys
from typing import Final

__all__ = ["settle"]

SWITCH_SECONDS: Final = 0.0005
OPEN_FILES: Final = 65536


def settle() -> None:
    """Keep short what interrupts calls, and take many connections.

    What is there now stays: the garbage collector need not look at it again. And a thread (that of the store)
    that has the interpreter lets go of it after half a millisecond instead of five. Connections are open
    files, of which many systems allow 1,024 until more is asked for.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
