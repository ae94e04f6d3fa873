"""What calls were given and gave: the last ones of each function, within bounds."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select

from jupyter_faas.gateway.store.records import InvocationRecord
from jupyter_faas.gateway.store.schema import invocations, recordings

__all__ = ["recording_of", "save_recordings"]


def save_recordings(
    connection: Connection, numbered: Sequence[tuple[int, InvocationRecord]], bytes_each: int
) -> None:
    """Keep what calls of a batch want kept, and drop what is too much of their functions then.

    The last calls that failed and the last of the others are kept apart, so that neither displace the other.
    A function's recordings together have ``bytes_each`` at most.
    """
    wanted = [(sequence, record) for sequence, record in numbered if record.recording is not None]
    for sequence, record in wanted:
        content = record.recording.content() if record.recording is not None else b""
        row = {
            "sequence": sequence,
            "function": record.function,
            "failed": record.code is not None,
            "size_bytes": len(content),
            "content": content,
        }
        connection.execute(insert(recordings).values(**row))
    for function, calls in {
        record.function: record.recording.calls for _, record in wanted if record.recording
    }.items():
        _trim(connection, function, calls, bytes_each)


def recording_of(connection: Connection, invocation: str) -> bytes | None:
    """The recording of an invocation, if there is one (still)."""
    query = (
        select(recordings.c.content)
        .join(invocations, invocations.c.sequence == recordings.c.sequence)
        .where(invocations.c.id == invocation)
    )
    content: bytes | None = connection.execute(query).scalar()
    return content


def _trim(connection: Connection, function: str, calls: int, bytes_each: int) -> None:
    ours = recordings.c.function == function
    for failed in (False, True):
        same = (ours, recordings.c.failed == failed)
        last = select(recordings.c.sequence).where(*same).order_by(recordings.c.sequence.desc())
        oldest = connection.execute(last.offset(calls - 1).limit(1)).scalar()
        if oldest is not None:
            connection.execute(delete(recordings).where(*same, recordings.c.sequence < oldest))
    order = recordings.c.sequence.desc()
    size = func.sum(recordings.c.size_bytes).over(order_by=order).label("size")
    sizes = select(recordings.c.sequence, size).where(ours).subquery()
    over = select(sizes.c.sequence).where(sizes.c.size > bytes_each)
    connection.execute(delete(recordings).where(recordings.c.sequence.in_(over)))
