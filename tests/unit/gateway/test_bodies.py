"""Bodies and queries become arguments; files keep their bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.gateway.handlers.bodies import arguments_in
from jupyter_faas.gateway.service.arguments import checked
from jupyter_faas.gateway.service.catalogue import Published
from jupyter_faas.gateway.store.records import VersionRecord
from jupyter_faas.model.arguments import Arguments, Part
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import FaasError, InvalidInput, MalformedRequest
from jupyter_faas.model.manifest import Manifest
from jupyter_faas.model.wire import Kind, frame_of
from runtime.frames import FrameReader
from tests.support.forms import form_of

TABLE = {"type": "array", "x-faas-media": ["text/csv"]}
FILE = {"type": "string", "x-faas-media": ["*/*"]}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "table": TABLE,
        "file": FILE,
        "count": {"type": "integer"},
        "size": {"$ref": "#/$defs/Size"},
        "text": {"type": "string"},
    },
    "required": ["table"],
    "additionalProperties": False,
    "$defs": {"Size": {"type": "integer"}, "Loop": {"$ref": "#/$defs/Loop"}},
}


def read(body: bytes, kind: str, query: str = "", schema: dict[str, Any] = SCHEMA) -> Arguments:
    return arguments_in(body, kind, query, schema)


def test_a_body_that_is_a_file() -> None:
    arguments = read(b"a,b\n", "Text/CSV; header=present", "count=3&size=4")
    assert json.loads(arguments.json) == {"count": 3, "size": 4}
    assert arguments.parts == (Part("table", "text/csv", None, b"a,b\n"),)
    assert read(b"x", "application/octet-stream").parts[0].name == "table"


@pytest.mark.parametrize(
    ("schema", "kind", "query", "words"),
    [
        ({}, "text/csv", "", "Send application/json"),
        ({"properties": {"table": TABLE}}, "text/xml", "", "text/csv"),
        ({"properties": {"a": FILE, "b": FILE}}, "text/csv", "", "any of a, b"),
        ({"properties": {"a": FILE, "b": FILE}, "required": ["a", "b"]}, "text/csv", "", "multipart"),
        ({"properties": {"table": TABLE}}, "text/csv", "table=1", "Send it once"),
        ({}, "multipart/form-data", "", "has no boundary"),
    ],
)
def test_files_that_have_no_place(schema: dict[str, Any], kind: str, query: str, words: str) -> None:
    with pytest.raises(MalformedRequest) as refused:
        read(b"a,b\n", kind, query, schema)
    assert words in refused.value.detail


def test_a_form_with_files_and_fields() -> None:
    body, kind = form_of(
        ("count", None, None, b"3"),
        ("text", "note.txt", "text/plain", b"5"),
        ("table", "t.csv", "text/csv", b"a\r\n--1\r\n"),
        ("file", "f.json", "application/json", b"{"),
    )
    arguments = read(body, kind)
    assert json.loads(arguments.json) == {"count": 3, "text": "5"}
    assert arguments.parts == (
        Part("table", "text/csv", "t.csv", b"a\r\n--1\r\n"),
        Part("file", "application/json", "f.json", b"{"),
    )


def test_names_in_encodings_of_their_own() -> None:
    head = "--b\r\nContent-Disposition: form-data; {}\r\n\r\nx\r\n--b--\r\n"
    surrogate = "*=utf-7''+2AA-"
    kind = "multipart/form-data; boundary=b"
    body = head.format(f"name{surrogate}").encode()
    assert json.loads(read(body, kind).json) == {"?": "x"}
    body = head.format(f"name=file; filename{surrogate}").encode()
    assert read(body, kind).parts == (Part("file", "application/unknown", "?", b"x"),)
    body = head.format(f"name{surrogate}; filename=a").encode()
    assert json.loads(read(body, kind).json) == {"?": "x"}


def test_no_file_was_chosen() -> None:
    body, kind = form_of(("file", "", "application/octet-stream", b""), ("text", None, None, b""))
    assert read(body, kind) == Arguments(b'{"text":""}')


def test_a_part_may_be_json() -> None:
    body, kind = form_of(("table", "t.json", "application/json", b'[{"a": 1}]'))
    assert json.loads(read(body, kind).json) == {"table": [{"a": 1}]}
    body, kind = form_of(("table", "t.json", "application/json", b"[{"))
    with pytest.raises(MalformedRequest, match="not JSON"):
        read(body, kind)


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ([("table", "a", "text/xml", b"x")], InvalidInput, "text/csv"),
        ([("count", "a", None, b"\xff")], InvalidInput, "takes no file"),
        ([("table", "a", "text/csv", b"x")] * 2, MalformedRequest, "more than once"),
        ([("table", "a", "text/csv", b"x"), ("table", None, None, b"x")], MalformedRequest, "more than once"),
        ([("count", None, None, b"\xff")], MalformedRequest, "could not be read"),
        ([(f"n{number}", None, None, b"") for number in range(100)], MalformedRequest, "too many parts"),
        ([("n" * 5000, None, None, b"")], MalformedRequest, "too large"),
    ],
)
def test_forms_that_are_refused(fields: list[Any], error: type[FaasError], words: str) -> None:
    body, kind = form_of(*fields)
    with pytest.raises(error) as refused:
        read(body, kind)
    assert words in refused.value.detail
    assert len(refused.value.detail) < 1000


@given(
    st.binary(), st.binary(max_size=30), st.sampled_from(["", "; boundary=b", '; boundary="b"', "; boundary"])
)
def test_whatever_comes_as_a_form_is_read_or_refused(body: bytes, head: bytes, boundary: str) -> None:
    for tried in (body, b"--b\r\n" + head + b"\r\n\r\n" + body + b"\r\n--b--", b"--b" + body + b"--b--"):
        try:
            assert isinstance(read(tried, f"multipart/form-data{boundary}"), Arguments)
        except FaasError as error:
            assert error.detail  # noqa: PT017 - both outcomes are right


@given(st.lists(st.binary(max_size=2000), max_size=5), st.text(max_size=50))
def test_files_arrive_as_they_were_sent(contents: list[bytes], filename: str) -> None:
    """Through the frame that takes them to the instance."""
    parts = tuple(Part(f"p{at}", "a/b", filename, content) for at, content in enumerate(contents))
    arguments = Arguments(b'{"x": 1}', parts)
    header = {"id": "c", "timeout": 1.0, **arguments.header}
    (frame,) = FrameReader(10**6).feed(b"".join(frame_of(Kind.CALL, 0, header, arguments.pieces)))
    end = frame.header.get("json", len(frame.body))
    assert frame.body[:end] == arguments.json
    for part, said in zip(parts, frame.header.get("parts", []), strict=True):
        assert (said["name"], said["filename"]) == (part.name, filename)
        assert frame.body[end : end + said["length"]] == part.content
        end += said["length"]
    assert end == len(frame.body)


def test_only_uploaded_parameters_may_be_missing() -> None:
    manifest = Manifest(name="f", entry="f", python="3.11", input_schema=SCHEMA, caps=Caps())
    published = Published(VersionRecord("f", 1, "", "", manifest, {}, "", "", (), 0, 0, 0.0))
    part = Part("table", "text/csv", None, b"")
    assert checked(Arguments(b"{}", (part,)), published.validator_for).parts == (part,)
    for arguments in (Arguments(), Arguments(b"{}", (Part("file", "text/csv", None, b""),))):
        with pytest.raises(InvalidInput, match="table"):
            checked(arguments, published.validator_for)
    with pytest.raises(InvalidInput):
        checked(Arguments(b'{"count": "x"}', (part,)), published.validator_for)
