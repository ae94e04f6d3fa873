"""Cells annotated without a magic: ``#| publish`` in their first line, or a tag and metadata.

``jupyter faas publish`` and ``%faas publish`` publish them; running one does nothing special.
"""

from __future__ import annotations

import argparse
import difflib
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from jupyter_faas.kernel.annotation import check_name, option_actions
from jupyter_faas.model.errors import AnnotationError

__all__ = ["comment_words", "magic_body", "options_of", "words_of"]

TAG: Final = "publish"
KEY: Final = "faas"

_COMMENT: Final = re.compile(r"#\|\s*publish(?:\s+(.*))?")
_MAGIC: Final = re.compile(r"%%publish(?:[ \t]+(.*))?")


def options_of(source: str, metadata: Mapping[str, Any]) -> list[str] | None:
    """The options, as words, of a cell annotated by its first line or by its metadata; None if it isn't.

    Raises ``AnnotationError`` for metadata that is no set of options, or options in two places.
    """
    if magic_body(source) is not None:
        if metadata.get(KEY):
            raise AnnotationError(
                "The cell has options after its %%publish and in its metadata (faas): "
                "write them in one place."
            )
        return None
    words = comment_words(source)
    if words is None and TAG not in metadata.get("tags", ()):
        return None
    described = words_of(metadata.get(KEY, {}))
    if words and described:
        raise AnnotationError(
            "The cell has options in its first line (#| publish) and in its metadata (faas): "
            "write them in one place."
        )
    return words or described


def comment_words(source: str) -> list[str] | None:
    """The options in a cell's first line ``#| publish …``; None if that is no such line."""
    match = _COMMENT.fullmatch(_first_line(source))
    if match is None:
        return None
    try:
        return shlex.split(match[1] or "")
    except ValueError as error:
        raise AnnotationError(f"#| publish: {error}. %%publish? lists the options.") from error


def magic_body(source: str) -> tuple[str, str] | None:
    """The line and the body of a ``%%publish`` cell; None for any other cell."""
    head, _, body = source.lstrip("\n").partition("\n")
    match = _MAGIC.fullmatch(head.strip())
    return None if match is None else (match[1] or "", body)


def words_of(options: Any) -> list[str]:
    """The metadata ``faas`` of a cell as the words of a ``%%publish`` line.

    A key is a long option; flags are true or false, repeatable options a list. Raises ``AnnotationError``
    naming the nearest key, or what a value must be.
    """
    if not isinstance(options, Mapping):
        raise AnnotationError(
            f'The cell\'s metadata {KEY} must be an object of options, such as {{"timeout": "5s"}}.'
        )
    known = option_actions()
    names: list[str] = []
    words: list[str] = []
    for key, value in options.items():
        name = str(key).replace("_", "-")
        if name not in known:
            raise _unknown(str(key), list(known))
        if name == "name":
            names.append(check_name(str(value)))
        else:
            words += _words(name, value, known[name])
    return names + words


def _words(name: str, value: Any, action: argparse.Action) -> Iterator[str]:
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise _wrong(name, value, "true or false")
        if value:
            yield f"--{name}"
        return
    values = value if isinstance(value, list) else [value]
    repeatable = action.default == []
    if isinstance(value, list) and not repeatable:
        raise _wrong(name, value, "a text")
    for one in values:
        if isinstance(one, bool) or not isinstance(one, str | int | float):
            raise _wrong(name, value, "a list of texts" if repeatable else "a text")
        yield f"--{name}={one}"


def _unknown(key: str, known: list[str]) -> AnnotationError:
    nearest = difflib.get_close_matches(key.replace("_", "-"), known, n=1)
    advice = f"did you mean {nearest[0]!r}?" if nearest else f"there are {', '.join(known)}."
    return AnnotationError(f"The cell's metadata {KEY} has an unknown option {key!r}: {advice}")


def _wrong(name: str, value: Any, form: str) -> AnnotationError:
    return AnnotationError(f"The cell's metadata {KEY}: {name!r} is {value!r}, and must be {form}.")


def _first_line(source: str) -> str:
    return next((line.strip() for line in source.split("\n") if line.strip()), "")
