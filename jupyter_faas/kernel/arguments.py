"""The arguments of ``%faas invoke NAME …``: JSON, text, or values of the kernel between braces."""

from __future__ import annotations

import ast
import difflib
import io
import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from jupyter_faas.model.errors import InvalidInput

__all__ = ["arguments_of"]

_OPENED: Final = re.compile(r"([^\s='\"{]+)=(?=[{\[])")
_FORMS: Final = (
    "Write each argument as NAME=VALUE, where a value is JSON, a text, or {an expression} of this kernel."
)


def arguments_of(text: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that ``text`` gives by name: ``q=0.5 name=Ada table={df[df.a > 1]}``, or all of them as
    one JSON object or as ``{an expression}`` that is a dict.

    Expressions are evaluated in ``namespace`` and stay the objects that they are. Raises ``InvalidInput``
    for what can't be read, and with the exception's words for an expression that raises.
    """
    text = text.strip()
    if text.startswith("{"):
        return _all_at_once(text, namespace)
    arguments: dict[str, Any] = {}
    for name, value in _pairs(text):
        if name in arguments:
            raise InvalidInput(f"{name} is given twice: leave one out.")
        arguments[name] = _value(name, value, namespace)
    return arguments


def _all_at_once(text: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
    end = _end(text, 0)
    if end is None:
        raise InvalidInput(f"{text} is neither a JSON object nor {{an expression}} of Python. {_FORMS}")
    if rest := text[end:].strip():
        raise InvalidInput(f"{text[:end]} already gives all arguments; {rest} is too much. {_FORMS}")
    found = _value("", text, namespace)
    if not isinstance(found, Mapping):
        kind = type(found).__name__
        raise InvalidInput(
            f"{text} is a {kind}, not a dict of arguments: name its parameter, as in NAME={text}."
        )
    return {str(name): value for name, value in found.items()}


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        opened = _OPENED.match(text, at)
        end = _end(text, opened.end()) if opened else None
        if opened and end:
            yield opened[1], text[opened.end() : end]
        elif opened and text[opened.end()] == "{":
            raise InvalidInput(
                f"{text[at:]}: what follows the brace is neither JSON nor an expression of Python with a "
                "brace after it."
            )
        else:
            word, end = _word(text, at)
            name, equals, value = word.partition("=")
            if not equals or not name:
                raise InvalidInput(f"{word} is no argument. {_FORMS}{_hint(word)}")
            yield name, value
        at = end + len(text[end:]) - len(text[end:].lstrip())


def _hint(word: str) -> str:
    if word.startswith("--"):
        return " Options stand before the function's name."
    return f" The kernel's {word} is {{{word}}}: NAME={{{word}}}." if word.isidentifier() else ""


def _end(text: str, start: int) -> int | None:
    """Where the JSON or the expression ends that the bracket at ``start`` opens: at the first bracket after
    which a word ends and before which all makes sense."""
    close = {"{": "}", "[": "]"}[text[start]]
    for match in re.finditer(re.escape(close) + r"(?=\s|$)", text[start:]):
        end = start + match.end()
        if _is_json(text[start:end]) or _expression(text[start:end]) is not None:
            return end
    return None


def _word(text: str, start: int) -> tuple[str, int]:
    """The word, as a shell reads it, that begins at ``start``, and where the next may begin."""
    stream = io.StringIO(text[start:])
    reader = shlex.shlex(stream, posix=True, punctuation_chars=False)
    reader.whitespace_split, reader.commenters = True, ""
    try:
        word = reader.get_token()
    except ValueError as error:
        raise InvalidInput(f"{text[start:]}: {str(error).lower()}. Close the quotation mark.") from error
    return word or "", start + stream.tell()


def _value(name: str, text: str, namespace: Mapping[str, Any]) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        pass
    if not (text.startswith("{") and text.endswith("}")):
        return text
    expression = _expression(text)
    given = f"{name}={text}" if name else text
    if expression is None:
        raise InvalidInput(
            f"{given} is neither JSON nor an expression of Python. A dict is written {{{text}}}, and a text "
            f"that has braces {name}='\"…\"'."
        )
    try:
        return eval(expression, dict(namespace))  # noqa: S307 - it's the author's own line in their kernel
    except Exception as error:
        raise InvalidInput(
            f"{given} raised {type(error).__name__}: {error}.{_nearest(error, namespace)}"
        ) from error


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _expression(text: str) -> str | None:
    """The expression between braces, if it is one."""
    code = text[1:-1].strip()
    if not text.startswith("{"):
        return None
    try:
        ast.parse(code, mode="eval")
    except (SyntaxError, ValueError):
        return None
    return code


def _nearest(error: Exception, namespace: Mapping[str, Any]) -> str:
    if not isinstance(error, NameError):
        return ""
    near = difflib.get_close_matches(str(error.name), [name for name in namespace if name[:1] != "_"], n=1)
    return (
        f" Did you mean {near[0]}?" if near else " This kernel has no such name: run the cell that makes it."
    )
