"""Arguments of a function, as a shell gives them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from jupyter_faas.cli.arguments import UsageError
from jupyter_faas.model.media import CSV

__all__ = ["all_arguments", "argument", "kind_of", "pair_of"]

MEDIA: Final = "x-faas-media"
BINARY_TABLES: Final = (b"ARROW1", b"PAR1", b"\xff\xff\xff\xff")
"""How files of Arrow and Parquet, and Arrow's streams, begin."""
Schema = Mapping[str, Any]


def pair_of(text: str) -> tuple[str, str]:
    """The name and the text of ``KEY=VALUE``; raises ``UsageError``."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise UsageError(f"{text!r} is not KEY=VALUE")
    return name, value


def all_arguments(data: str) -> dict[str, Any]:
    """``--data``: a JSON object, ``@FILE`` or ``-``; raises ``UsageError`` for anything else."""
    text = _content("--data", data).decode() if data[:1] == "@" or data == "-" else data
    try:
        values = json.loads(text)
    except ValueError as error:
        raise UsageError(f"--data is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise UsageError('--data must be a JSON object of named arguments, like {"values": [1, 2]}')
    return values


def argument(name: str, texts: Sequence[str], schema: Schema, root: Schema) -> Any:
    """The value that the texts mean for a parameter: JSON where it is JSON, else a text.

    A parameter that takes nothing but texts gets them as they are. ``@FILE`` and ``-`` are the content of a
    file: of a parameter that takes files the file itself, else JSON. An array may be given item by item.
    Raises ``UsageError`` for a file that can't be read.
    """
    schema = _resolved(schema, root)
    types = _types(schema)
    if isinstance(schema.get(MEDIA), list) and len(texts) == 1 and _names_file(texts[0]):
        return _file(name, texts[0], schema[MEDIA])
    values = [_value(name, text, types, "array" in types and len(texts) > 1, schema, root) for text in texts]
    if len(values) > 1 or ("array" in types and types <= {"array", "null"} and not _fits(values[0])):
        return values
    return values[-1]


def _fits(value: Any) -> bool:
    return value is None or isinstance(value, list)


def _value(name: str, text: str, types: set[str], is_item: bool, schema: Schema, root: Schema) -> Any:
    if is_item or types == {"array"}:
        items = _types(_resolved(schema.get("items", {}), root))
        if items == {"string"} and (is_item or not text.lstrip().startswith("[")):
            return text
    if types == {"string"}:
        return text
    if _names_file(text):
        content = _content(f"--{name}", text).decode()
        try:
            return json.loads(content)
        except ValueError as error:
            raise UsageError(f"--{name} {text}: its content is not JSON: {error}") from error
    try:
        return json.loads(text)
    except ValueError:
        return text


def _names_file(text: str) -> bool:
    return text == "-" or (text.startswith("@") and len(text) > 1)


class _Input(BytesIO):
    """What came by the standard input; ``name`` tells its form."""

    name = "stdin"


def _file(name: str, text: str, media: Sequence[str]) -> Any:
    """The file that a parameter gets: its path, whose name tells the form, or the standard input."""
    if text == "-":
        content = _Input(sys.stdin.buffer.read())
        if CSV in media and not content.getvalue().startswith(BINARY_TABLES):
            content.name = "stdin.csv"
        return content
    path = Path(text[1:])
    if not path.is_file():
        raise UsageError(f"--{name} {text}: there is no file {path}")
    return path


def _content(option: str, text: str) -> bytes:
    if text == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(text[1:]).read_bytes()
    except OSError as error:
        raise UsageError(f"{option}: {text[1:]} can't be read: {error.strerror}") from error


def kind_of(schema: Schema, root: Schema) -> str:
    """What a parameter takes, in a word or two."""
    schema = _resolved(schema, root)
    if "enum" in schema:
        return "one of " + ", ".join(json.dumps(value) for value in schema["enum"])
    if isinstance(schema.get(MEDIA), list):
        return "@FILE or JSON" if "anyOf" in schema or schema.get("type") != "string" else "@FILE"
    types = _types(schema)
    if types == {"array"}:
        items = _types(_resolved(schema.get("items", {}), root))
        return f"list of {' or '.join(sorted(items))}" if items else "list"
    return str(schema.get("format") or " or ".join(sorted(types)) or "anything")


def _resolved(schema: Any, root: Schema) -> Schema:
    for _ in range(8):
        if not isinstance(schema, dict) or "$ref" not in schema:
            break
        schema = root.get("$defs", {}).get(str(schema["$ref"]).rpartition("/")[2], {})
    return schema if isinstance(schema, dict) else {}


def _types(schema: Schema) -> set[str]:
    """The JSON types that a schema says; empty if it doesn't."""
    named = schema.get("type")
    if named is not None:
        return set(named) if isinstance(named, list) else {str(named)}
    if "enum" in schema:
        return {"string"} if all(isinstance(value, str) for value in schema["enum"]) else set()
    each = [_types(one) for one in schema.get("anyOf", ()) if isinstance(one, dict)]
    return set().union(*each) if each and all(each) else set()
