"""Type variables mean the same to the kernel, which describes a function, and to the worker that runs it."""

from __future__ import annotations

import ast
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import pytest
from typing_extensions import TypeAliasType

from jupyter_faas.kernel import generics as described
from runtime import generics as run

Number = TypeVar("Number", int, float)
Item = TypeVar("Item")
Small = TypeVar("Small", bound=int)
Pair = TypeAliasType("Pair", tuple[Item, Item], type_params=(Item,))


class Box(Generic[Item]):
    """Something in a box."""


class Labelled(Box[list[Item]], Generic[Item, Small]):
    """A list in a box, with a number."""


TWINS = pytest.mark.parametrize("twin", [described, run], ids=["kernel", "runtime"])


def test_the_twins_are_the_same_code() -> None:
    """They can't import each other; only the docstring, which names the other one, is each one's own."""
    trees = [ast.parse(Path(str(twin.__file__)).read_text()) for twin in (described, run)]
    assert ast.dump(ast.Module(trees[0].body[1:], [])) == ast.dump(ast.Module(trees[1].body[1:], []))
    assert [ast.get_docstring(tree) != "" for tree in trees] == [True, True]


@TWINS
@pytest.mark.parametrize(
    ("annotation", "bindings"),
    [
        (Box[int], {Item: int}),
        (Labelled[str, bool], {Item: str, Small: bool}),
        (Box, {}),
        (int, {}),
    ],
)
def test_what_variables_stand_for(twin: Any, annotation: Any, bindings: Mapping[Any, Any]) -> None:
    assert twin.bindings_of(annotation) == bindings


@TWINS
def test_variables_are_put_in_place(twin: Any) -> None:
    kind: Any = dict
    assert twin.substituted(kind[str, Item], {Item: int}) == dict[str, int]
    assert twin.substituted(Item, {Item: Literal["a"]}) == Literal["a"]
    assert twin.substituted(kind[str, Item], {}) == kind[str, Item]
    assert twin.substituted(typing.Optional[Item], {Item: str}) == typing.Optional[str]  # noqa: UP045


@TWINS
def test_aliases_and_open_variables_have_a_meaning(twin: Any) -> None:
    assert twin.is_alias(Pair)
    assert twin.is_alias(Pair[int])
    assert not twin.is_alias(list[int])
    assert twin.meaning_of(Pair[int]) == tuple[int, int]
    assert twin.meaning_of(Number) == typing.Union[int, float]  # noqa: UP007
    assert (twin.meaning_of(Small), twin.meaning_of(Item)) == (int, Any)
