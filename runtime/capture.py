"""What a worker writes, turned into log entries within a budget."""

from __future__ import annotations

import json
import os
import select
import time

from .outcomes import format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

READ_BYTES = 64 * 1024
READS_AT_END = 16  # a pipe holds 64 KB; a process writing on and on must not hold up the answer
LINE_BYTES = 8 * 1024
RECORD_BYTES = 64 * 1024  # an encoded logging record, see streams.py
BATCH_BYTES = 64 * 1024
FRAMING_BYTES = 64  # about what time, stream and punctuation add to a text


class Stream:
    """One pipe from a worker; ``name`` is ``stdout``, ``stderr``, or empty for logging records."""

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = name
        self.descriptor = descriptor
        self.partial = b""
        self.line_bytes = LINE_BYTES if name else RECORD_BYTES
        os.set_blocking(descriptor, False)
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLIN)

    @property
    def readable(self) -> bool:
        """Whether there is something to read: cheaper to ask than to try."""
        return bool(self._poll.poll(0))


class Capture:
    """The log of one worker: a budget of ``cap`` bytes for each call (and for the start)."""

    def __init__(self, cap: int) -> None:
        self._dropped = 0
        self._reported = 0
        self._cap = cap
        self._left = cap
        self._cut = False
        self._entries: list[bytes] = []

    def restart(self) -> None:
        """A call begins: the budget is whole again."""
        self._dropped = 0
        self._reported = 0
        self._left = self._cap
        self._cut = False

    @property
    def unreported(self) -> bool:
        """Whether more was dropped than the gateway knows."""
        return self._dropped > self._reported

    def report(self) -> int:
        """How many bytes were dropped so far."""
        self._reported = self._dropped
        return self._dropped

    def read(self, stream: Stream) -> bool:
        """Take in what one read of the pipe gives; whether there may be more later."""
        try:
            chunk = os.read(stream.descriptor, READ_BYTES)
        except BlockingIOError:
            return True
        if chunk:
            self._feed(stream, chunk)
        return bool(chunk)

    def drain(self, stream: Stream) -> None:
        """Take in all that the pipe holds, the last line without its end too."""
        for _ in range(READS_AT_END if stream.readable else 0):
            try:
                chunk = os.read(stream.descriptor, READ_BYTES)
            except BlockingIOError:
                break
            if not chunk:
                break
            self._feed(stream, chunk)
        if stream.partial:
            self._add(stream, stream.partial)
            stream.partial = b""

    def batches(self) -> Iterator[bytes]:
        """The new entries as JSON lines, in bodies of about ``BATCH_BYTES``."""
        batch: list[bytes] = []
        size = 0
        for entry in self._entries:
            batch.append(entry)
            size += len(entry)
            if size > BATCH_BYTES:
                yield b"".join(batch)
                batch, size = [], 0
        if batch:
            yield b"".join(batch)
        self._entries = []

    def _feed(self, stream: Stream, chunk: bytes) -> None:
        if self._cut:
            self._dropped += len(chunk)
            return
        *lines, rest = (stream.partial + chunk).split(b"\n")
        stream.partial = b""
        for line in lines:
            for piece in _pieces(line, stream.line_bytes):
                self._add(stream, piece)
        *pieces, last = _pieces(rest, stream.line_bytes)
        for piece in pieces:
            self._add(stream, piece)
        stream.partial = last

    def _add(self, stream: Stream, line: bytes) -> None:
        if self._cut:
            self._dropped += len(line)
            return
        name, text = (stream.name, line) if stream.name else _record(line)
        entry = _entry(name, text)
        cost = _cost(entry, text)
        if cost <= self._left:
            self._left -= cost
            self._entries.append(entry)
        else:
            self._cut_within(name, text)

    def _cut_within(self, name: str, text: bytes) -> None:
        """Keep as much of the text as the budget still allows, and nothing from then on."""
        self._cut = True
        start = text[: max(0, self._left - FRAMING_BYTES)]
        entry = _entry(name, start)
        if start and _cost(entry, start) <= self._left:
            self._entries.append(entry)
            self._dropped += len(text) - len(start)
        else:
            self._dropped += len(text)
        size = format_size(self._cap)
        notice = f"[log cut after {size}; the rest of this call's output was dropped]"
        self._entries.append(_entry("faas", notice.encode()))


def _entry(name: str, text: bytes) -> bytes:
    entry = {"t": round(time.time(), 6), "s": name, "m": text.decode("utf-8", "replace")}
    line = json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"
    return line.encode("utf-8", "replace")


def _cost(entry: bytes, text: bytes) -> int:
    """The text's own size. An entry of little text, or of much that JSON has to escape, costs half its own:
    so the entries have twice the budget at most, which is what the gateway keeps."""
    return max(len(text), (len(entry) + 1) // 2)


def _pieces(line: bytes, size: int) -> list[bytes]:
    """``line`` in parts of at most ``size`` bytes, cut between characters; at least one part."""
    pieces = []
    while len(line) > size:
        end = size
        while end > size - 4 and line[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(line[:end])
        line = line[end:]
    return [*pieces, line]


def _record(line: bytes) -> tuple[str, bytes]:
    """Level and text of a logging record; what isn't one was written by user code, and is kept as it is."""
    try:
        level, text = json.loads(line)
        return str(level)[:20], str(text).encode("utf-8", "replace")
    except (ValueError, TypeError, RecursionError):
        return "stderr", line
