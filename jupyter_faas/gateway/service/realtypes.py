"""Texts of the right form for the Python types that they become, told before a function is called.

JSON Schema leaves formats open, and validators differ in what they take for a time. ``x-faas-type`` names the
type that a text becomes, and what is accepted here is what ``runtime/scalars.py`` accepts there; a test holds
the two together.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

from jupyter_faas.model.iso8601 import duration_of

__all__ = ["TYPE", "RealType"]

TYPE: Final = "x-faas-type"
MAX_SHOWN: Final = 80


class RealType:
    """The keyword ``x-faas-type``: the text is one that the type can be made of."""

    def __init__(self, parent_schema: dict[str, Any], value: Any, schema_path: Any) -> None:  # noqa: ARG002
        self._read, self._what = _TYPES.get(value, (None, "")) if isinstance(value, str) else (None, "")

    def validate(self, instance: Any) -> None:
        """Raise ``ValueError`` for a text that the type can't be made of."""
        if self._read is None or not isinstance(instance, str):
            return  # what is no text is told by the keyword "type"
        try:
            self._read(instance)
        except (ValueError, OverflowError):
            shown = repr(instance)
            shown = shown if len(shown) <= MAX_SHOWN else shown[: MAX_SHOWN - 1] + "…"
            raise ValueError(f"{shown} is not {self._what}") from None


def _base64(text: str) -> None:
    if text:
        a2b_base64(text.encode("ascii"), strict_mode=True)


_BYTES: Final = (_base64, "base64 (RFC 4648)")
_TYPES: Final[dict[str, tuple[Callable[[str], Any] | None, str]]] = {
    "builtins.bytes": _BYTES,
    "builtins.bytearray": _BYTES,
    "pathlib.Path": _BYTES,
    "datetime.datetime": (datetime.fromisoformat, "a datetime (ISO 8601)"),
    "datetime.date": (date.fromisoformat, "a date (ISO 8601)"),
    "datetime.time": (time.fromisoformat, "a time (ISO 8601)"),
    "datetime.timedelta": (duration_of, "a duration (ISO 8601, such as P1DT2H30M)"),
    "uuid.UUID": (UUID, "a UUID"),
}
