"""A worker's standard streams and its ``logging``."""
# ruff: noqa: SIM115  the streams stay open as long as the worker

from __future__ import annotations

import json
import logging
import os
import sys

PIECE_CHARACTERS = 8 * 1024
CONTROL, RECORDS = 3, 4  # the descriptors of a worker, above the standard ones
TEMPLATE = 5  # in the process that forks the template off: the template's control


def arrange(control: int, outputs: list[int], template: int | None = None) -> None:
    """Give the worker its descriptors (standard streams, control, logging records) and close all others."""
    null = os.open(os.devnull, os.O_RDONLY)
    wanted = [null, outputs[0], outputs[1], control, outputs[2]]
    if template is not None:
        wanted.append(template)
    high = [_duplicate_high(descriptor) for descriptor in wanted]
    for number, descriptor in enumerate(high):
        os.dup2(descriptor, number, inheritable=number < CONTROL)
    os.closerange(len(wanted), max(int(name) for name in os.listdir("/proc/self/fd")) + 1)


def take_over(descriptors: list[int]) -> None:
    """Give a worker that was forked from the template its own control, stdout, stderr and records instead."""
    for descriptor, number in zip(descriptors, (CONTROL, 1, 2, RECORDS), strict=True):
        os.dup2(descriptor, number, inheritable=number < CONTROL)
        os.close(descriptor)


def become_template() -> None:
    """Give the template its own control, and nobody to hear what it might write: its log is the workers'."""
    null = os.open(os.devnull, os.O_WRONLY)
    take_over([TEMPLATE, null, os.dup(null), os.dup(null)])


def open_text() -> None:
    """Text streams over the standard descriptors: UTF-8, written line by line."""
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", errors="replace", closefd=False)  # type: ignore[misc]
    for name, number in (("stdout", 1), ("stderr", 2)):
        text = open(number, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
        setattr(sys, name, text)
        setattr(sys, f"__{name}__", text)


def send_records(level: str) -> None:
    """Send what is logged to the supervisor. There being a root handler, ``basicConfig`` changes nothing."""
    root = logging.getLogger()
    root.addHandler(_RecordHandler())
    try:
        root.setLevel(level.upper())
    except ValueError:
        root.setLevel(logging.INFO)


class _RecordHandler(logging.Handler):
    """Writes a record as JSON lines of level and text, a long text in pieces."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record; ``logging`` holds the handler's lock meanwhile."""
        try:
            text = self.format(record)
            for start in range(0, max(len(text), 1), PIECE_CHARACTERS):
                log_record(record.levelname, text[start : start + PIECE_CHARACTERS])
        except Exception:
            self.handleError(record)


def log_record(level: str, text: str) -> None:
    """Write one line of the log at this level, past ``logging``."""
    _write_all(RECORDS, json.dumps([level, text]).encode() + b"\n")


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _duplicate_high(descriptor: int) -> int:
    """A copy above the numbers that are about to be overwritten."""
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 16)
