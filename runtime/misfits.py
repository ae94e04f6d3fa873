"""What in a table has no place in the form that it is wanted in, said with its column, and what to do."""

from __future__ import annotations

import sys

from .codec import JSON, Unencodable, type_name
from .conversions import simpler
from .refusals import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PLAIN = frozenset({str, int, float, bool, type(None)})


def texts_for_csv(frame: Any) -> Any:
    """A pandas frame whose odd values (bytes, members of an Enum, lengths of time) are the texts that JSON
    has; raises ``Unencodable`` for those that are no single text or number.
    """
    odd = [at for at in range(frame.shape[1]) if str(frame.dtypes.iloc[at]) == "object"]
    if not odd:
        return frame
    frame = frame.copy(deep=False)
    for at in odd:
        name = frame.columns[at]
        values = frame.iloc[:, at].tolist()
        frame.isetitem(at, [_cell(each, name, row) for row, each in enumerate(values)])
    return frame


def _cell(value: Any, name: Any, row: int) -> Any:
    plain = value
    while type(plain) not in PLAIN:
        try:
            plain = simpler(plain, sys.maxsize)
        except Refused:
            raise _misfit(
                f"The result's column {name!r} holds a value of type {type_name(value)}; a cell of CSV is a "
                f"text or a number. Ask for {JSON}, or make a text of it (json.dumps).",
                path=f"$[{row}].{name}",
                type_name=type_name(value),
            ) from None
    return plain


def arrow_misfit(frame: Any, error: Exception) -> Exception:
    """Why pyarrow made no table of a pandas frame; ``error`` itself if it can't be told."""
    labels = frame.columns.tolist()
    twice = next((label for at, label in enumerate(labels) if label in labels[:at]), None)
    if twice is not None:
        return _misfit(
            f"The result has two columns called {twice!r}; Arrow and Parquet tell columns by their names. "
            "Give each its own, or ask for text/csv.",
            path=f"$.{twice}",
        )
    pyarrow: Any = sys.modules["pyarrow"]
    for at, label in enumerate(labels):
        column = frame.iloc[:, at]
        try:
            pyarrow.Array.from_pandas(column)
        except Exception:  # which of its many doesn't matter: the column is found
            return _arrow_misfit(label, column)
    return error


def _arrow_misfit(name: Any, column: Any) -> Unencodable:
    kinds = list(dict.fromkeys(type_name(each) for each in column.dropna().tolist()))
    named = kinds or [str(column.dtype)]
    if len(kinds) > 1:
        why = "a column of Arrow and Parquet has one type. Make them of one type (astype(str)), or ask for "
    else:
        why = "Arrow and Parquet don't know that type. Make texts of them (astype(str)), or ask for "
    detail = f"The result's column {name!r} holds values of type {' and '.join(named[:3])}; {why}{JSON}."
    return _misfit(detail, path=f"$.{name}", type_name=", ".join(named[:3]))


def check_columns(types: dict[str, Any], refused: tuple[str, ...], form: str) -> None:
    """Refuse a table of pyarrow or polars with a column of one of the types that a form has no place for."""
    for name, kind in types.items():
        if str(kind).lower().startswith(refused):
            raise _misfit(
                f"The result's column {name!r} is of type {kind}, which {form} doesn't know. Make texts of "
                f"it, or ask for {JSON}.",
                path=f"$.{name}",
                type_name=str(kind),
            )


def _misfit(detail: str, **figures: Any) -> Unencodable:
    return Unencodable("result-not-encodable", detail[:600], **figures)
