"""Calls in docstrings."""

from __future__ import annotations

import pytest

from jupyter_faas.model.doctests import UNKNOWN, Example, examples_in


@pytest.mark.parametrize(
    ("shown", "signature", "arguments", "result"),
    [
        (">>> f(1, b=2)\n3", "(a, b=0)", {"a": 1, "b": 2}, 3),
        (">>> f((1, 2))\n(3, 4)", "(a)", {"a": [1, 2]}, [3, 4]),
        (">>> f(1, 2, 3)\n'x'", "(a, *rest)", {"a": 1, "rest": [2, 3]}, "x"),
        (">>> list(f(2))\n[2, 1]", "(a)", {"a": 2}, UNKNOWN),
        (">>> x = f(-1.5)", "(a)", {"a": -1.5}, UNKNOWN),
        (">>> f(a=None)", "(a)", {"a": None}, None),
        (">>> f({'k': [True]})\nArray([1])", "(a)", {"a": {"k": [True]}}, UNKNOWN),
        (">>> f()\n1", "()", {}, 1),
    ],
)
def test_a_call(shown: str, signature: str, arguments: object, result: object) -> None:
    assert examples_in(shown, "f", signature) == [Example(arguments, result)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "shown",
    [
        "no examples",
        ">>> g(1)\n1",
        ">>> f(x)\n1",
        ">>> f(b'abc')\n1",
        ">>> f(**given)\n1",
        ">>> f(1, 2)\n1",
        ">>> f(float('nan'))",
        ">>>f(1)",
        ">>> f(\n",
    ],
)
def test_what_is_no_call_with_literals(shown: str) -> None:
    assert examples_in(shown, "f", "(a)") == []


def test_the_same_call_is_one_example() -> None:
    assert len(examples_in(">>> f(1)\n1\n>>> f(a=1)\n1\n>>> f(2)\n2", "f", "(a)")) == 2
