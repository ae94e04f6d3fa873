"""The error tree: drawn, mapped, and the same on both ends of a connection."""

from __future__ import annotations

import inspect
import json
import re

import pytest

from jupyter_faas.gateway import problems
from jupyter_faas.gateway.problems import problem_for, status_of
from jupyter_faas.model import errors
from jupyter_faas.model.errors import FaasError, error_from_problem, leaf_errors

LEAVES = sorted(leaf_errors(), key=lambda leaf: leaf.__name__)


@pytest.mark.parametrize("leaf", LEAVES)
def test_every_error_is_mapped_drawn_and_exported(leaf: type[FaasError]) -> None:
    assert 400 <= status_of(leaf("detail")) < 600
    assert leaf.__name__ in errors.__all__
    assert re.search(rf"── {leaf.__name__} +{leaf.code}\b", errors.__doc__ or "")
    assert leaf.title
    assert inspect.getdoc(leaf)


def test_codes_are_unique() -> None:
    assert len({leaf.code for leaf in LEAVES}) == len(LEAVES) > 20


def test_only_leaves_are_mapped() -> None:
    assert set(problems._STATUS) == set(LEAVES)


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_client_raises_what_the_gateway_raised(leaf: type[FaasError]) -> None:
    error = leaf("It went wrong after 3 s.", cap_seconds=3, names=["a"])
    received = error_from_problem(json.loads(json.dumps(problem_for(error, trusted=True))))
    assert type(received) is leaf
    assert received.detail == error.detail
    assert received.figures == error.figures


def test_figures_never_overwrite_the_members_of_a_problem() -> None:
    problem = errors.Crashed("It crashed.", code="fine", title="All well", status=200).problem()
    assert (problem["code"], problem["title"]) == ("crashed", "The function's process ended during the call")


def test_strangers_do_not_see_the_inside() -> None:
    error = errors.HandlerError("KeyError: 'password'", exception="KeyError", message="x", traceback=[])
    assert "password" not in json.dumps(problem_for(error, trusted=False))
    assert "password" in json.dumps(problem_for(error, trusted=True))


def test_an_unknown_problem_is_still_an_error() -> None:
    assert isinstance(error_from_problem({"code": "news-to-us", "detail": "?"}), errors.InternalError)
    assert isinstance(error_from_problem({}), errors.InternalError)
