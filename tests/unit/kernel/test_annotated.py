"""Cells annotated by a comment or by metadata."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_faas.kernel.annotated import comment_words, magic_body, options_of, words_of
from jupyter_faas.kernel.annotation import parse_words
from jupyter_faas.model.errors import AnnotationError


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("#| publish\ndef f(): pass", []),
        ("\n\n#|publish --timeout 5s area", ["--timeout", "5s", "area"]),
        ("#| publish --env 'A=b c'  ", ["--env", "A=b c"]),
        ("#| publisher\nx", None),
        ("#| echo: false\n#| publish", None),
        ("# | publish", None),
        ("x = 1\n#| publish", None),
        ("%%publish\n#| publish", None),
        ("", None),
    ],
)
def test_first_lines(source: str, words: list[str] | None) -> None:
    assert options_of(source, {}) == words


def test_a_quote_that_is_not_closed() -> None:
    with pytest.raises(AnnotationError, match="No closing quotation"):
        comment_words("#| publish --env 'A")


def test_metadata_of_a_tagged_cell() -> None:
    faas = {
        "timeout": "5s",
        "memory": "256MB",
        "name": "area",
        "env": ["A=b", "C=-d"],
        "public": True,
        "dry_run": False,
        "max-instances": 2,
        "cpu": 0.5,
        "require": "six==1.16.0",
        "input": ["r: float = 1.0"],
        "output": ["a"],
    }
    words = options_of("x = 1", {"tags": ["a", "publish"], "faas": faas})
    assert words is not None
    annotation = parse_words(words)
    assert annotation.name == "area"
    assert annotation.caps.timeout_seconds == 5
    assert annotation.caps.memory_bytes == 256 * 10**6
    assert annotation.caps.max_instances == 2
    assert annotation.caps.cpu == 0.5
    assert annotation.environment == {"A": "b", "C": "-d"}
    assert annotation.requirements == ("six==1.16.0",)
    assert annotation.inputs == ("r: float = 1.0",)
    assert annotation.outputs == ("a",)
    assert annotation.public
    assert not annotation.dry_run
    assert options_of("x = 1", {"faas": {"timeout": "5s"}}) is None  # options alone publish nothing
    assert options_of("x = 1", {"tags": ["publish"]}) == []


@pytest.mark.parametrize(
    ("faas", "says"),
    [
        ({"tiemout": "5s"}, "unknown option 'tiemout': did you mean 'timeout'?"),
        ({"zzz": 1}, "unknown option 'zzz': there are name, entry,"),
        ({"public": "yes"}, "'public' is 'yes', and must be true or false"),
        ({"timeout": ["5s"]}, "must be a text"),
        ({"timeout": True}, "must be a text"),
        ({"env": [["A"]]}, "must be a list of texts"),
        ({"name": "-x y"}, "can't be the name of a function"),
        ("timeout=5s", "must be an object of options"),
    ],
)
def test_wrong_metadata(faas: Any, says: str) -> None:
    with pytest.raises(AnnotationError) as caught:
        words_of(faas)
    assert says in caught.value.detail


def test_options_in_two_places() -> None:
    both = {"tags": ["publish"], "faas": {"timeout": "5s"}}
    assert options_of("#| publish\nx", both) == ["--timeout=5s"]
    for source in ("#| publish --public\nx", "%%publish\nx"):
        with pytest.raises(AnnotationError, match="write them in one place"):
            options_of(source, both)


def test_magic_bodies() -> None:
    assert magic_body("\n%%publish  --public \n\ndef f(): pass") == ("--public", "\ndef f(): pass")
    assert magic_body("%%publish") == ("", "")
    assert magic_body("%%publisher\nx") is None
    assert magic_body("x\n%%publish") is None


@given(st.dictionaries(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True), st.text(max_size=20)))
def test_environments_survive_the_metadata(environment: dict[str, str]) -> None:
    words = words_of({"env": [f"{name}={value}" for name, value in environment.items()]})
    assert parse_words(words).environment == environment
