"""A filter that keeps a worker, and all that it starts, from opening network sockets.

The engine isolates the network as well; this makes ``--network none`` hold where it can't (the process
engine) and gives a clear error at the first socket instead of a time-out at the first connection.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct

from .syscalls import PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, prctl

MODE_FILTER = 2
ALLOW = 0x7FFF0000
FAIL_WITH = 0x00050000
LOAD_WORD = 0x20  # BPF_LD | BPF_W | BPF_ABS
JUMP_IF_EQUAL = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
JUMP_IF_AT_LEAST = 0x35  # BPF_JMP | BPF_JGE | BPF_K
RETURN = 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, little-endian
X32_BIT = 0x40000000
IO_URING_SETUP = 425  # its operations open sockets past the filter
SYSTEMS = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # AUDIT_ARCH_*, number of socket(2)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def deny_network() -> bool:
    """Refuse sockets other than Unix and netlink ones from now on; whether the kernel took the filter."""
    system = SYSTEMS.get(os.uname().machine)
    if system is None or not prctl(PR_SET_NO_NEW_PRIVS, 1):
        return False
    code = _instructions(*system)
    program = _Program(len(code) // 8, code)
    return prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.cast(ctypes.byref(program), ctypes.c_void_p))


def _instructions(architecture: int, socket_number: int) -> bytes:
    """The classic BPF program; the two numbers of a jump are how many instructions to skip if true, false."""
    unreachable = FAIL_WITH | errno.ENETUNREACH
    absent = FAIL_WITH | errno.ENOSYS
    program = (
        (LOAD_WORD, 0, 0, ARCHITECTURE),
        (JUMP_IF_EQUAL, 0, 9, architecture),  # a 32-bit program would have other numbers: all refused
        (LOAD_WORD, 0, 0, NUMBER),
        (JUMP_IF_AT_LEAST, 7, 0, X32_BIT),
        (JUMP_IF_EQUAL, 6, 0, IO_URING_SETUP),
        (JUMP_IF_EQUAL, 0, 3, socket_number),
        (LOAD_WORD, 0, 0, FIRST_ARGUMENT),
        (JUMP_IF_EQUAL, 1, 0, socket.AF_UNIX),
        (JUMP_IF_EQUAL, 0, 1, 16),  # AF_NETLINK: lists interfaces, reaches no one
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, unreachable),
        (RETURN, 0, 0, absent),
    )
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
