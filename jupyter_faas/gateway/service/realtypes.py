"""Texts of the right form for the Python types that they become, told before a function is called.

JSON Schema leaves formats open, and validators differ in what they take for a time. ``x-faas-type`` names the
type that a text becomes, and what is accepted here is what ``runtime/scalars.py`` accepts there; a test holds
the two together.
"""

from __future__ import annotations

from typing import Any, Final

from jupyter_faas.model.scalars import KEY_SCALARS, SCALARS
from jupyter_faas.model.typenames import TYPE

__all__ = ["TYPE", "RealType"]

MAX_SHOWN: Final = 80


class RealType:
    """The keyword ``x-faas-type``: the text is one that the type can be made of."""

    def __init__(self, parent_schema: dict[str, Any], value: Any, schema_path: Any) -> None:  # noqa: ARG002
        name = value if isinstance(value, str) else ""
        scalar = SCALARS.get(name) or KEY_SCALARS.get(name)
        self._scalar = scalar if scalar is not None and scalar.told_before else None

    def validate(self, instance: Any) -> None:
        """Raise ``ValueError`` for a text that the type can't be made of."""
        if self._scalar is None or not isinstance(instance, str):
            return  # what is no text is told by the keyword "type"
        try:
            self._scalar.read(instance)
        except (ValueError, ArithmeticError, LookupError):
            shown = repr(instance)
            shown = shown if len(shown) <= MAX_SHOWN else shown[: MAX_SHOWN - 1] + "…"
            raise ValueError(f"{shown} is not {self._scalar.what}") from None
