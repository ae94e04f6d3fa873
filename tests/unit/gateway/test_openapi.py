"""The OpenAPI document: valid, complete, and true to what the handlers take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pydantic
import pytest
from openapi_spec_validator import validate
from PIL import Image

from jupyter_faas import Context
from jupyter_faas.gateway.handlers.base import methods_of
from jupyter_faas.gateway.handlers.described import PATHS, SCHEMAS
from jupyter_faas.gateway.handlers.routes import make_application
from jupyter_faas.gateway.openapi.document import Described, document_of, whole_document
from jupyter_faas.gateway.openapi.errors import CALL_ERRORS
from jupyter_faas.gateway.problems import status_of
from jupyter_faas.model.doctests import examples_in
from tests.api.described import FUNCTIONS, price, summarize
from tests.support.published import description_of

NOT_DESCRIBED = {"/docs/{}"}
"""The scripts and styles of the page."""


class Leaf(pydantic.BaseModel):
    """A tree's end."""

    value: int


class Node(pydantic.BaseModel):
    """A tree, whose schema refers to itself."""

    children: list[Node | Leaf] = []


def tree(root: Node, leaf: Leaf | None = None) -> Node:
    return root


def tables(left: pd.DataFrame, right: pd.DataFrame, how: str = "inner") -> pd.DataFrame:
    return left


def table(frame: pd.DataFrame, n: int, by: list[str] | None = None) -> pd.DataFrame:
    return frame


def picture(image: Image.Image, context: Context, width: int = 64) -> Image.Image:
    return image


def anything(*args: Any, **options: Any):  # type: ignore[no-untyped-def]  # noqa: ANN201
    return args


def array(values: np.ndarray, when: datetime, path: Path) -> bytes:
    return b""


ALL = (*FUNCTIONS, tree, tables, table, picture, anything, array)


def described(function: Callable[..., Any], **changes: Any) -> Described:
    told = description_of(function, **changes)
    return Described(told, examples_in(told["doc"], told["entry"], told["signature"]))


def document(*functions: Callable[..., Any], **changes: Any) -> dict[str, Any]:
    return whole_document(PATHS, SCHEMAS, [described(function, **changes) for function in functions])


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_the_whole_document_is_valid() -> None:
    whole = document(*ALL)
    validate(cast("Any", whole))
    for reference in references(whole):
        found: Any = whole
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
    names = [operation["operationId"] for item in whole["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("function", ALL, ids=lambda function: function.__name__)
def test_the_document_of_a_function_is_valid(function: Callable[..., Any]) -> None:
    alone = document_of(described(function), "3", "../../../..")
    validate(cast("Any", alone))
    assert list(alone["paths"]) == [f"/functions/{function.__name__}@3"]


def test_every_route_is_described_with_its_methods() -> None:
    application = make_application(cast("Any", None))
    served = {}
    for rule in application.wildcard_router.rules:
        path = re.sub(r"\((?!\?)(?:[^()]|\([^()]*\))*\)", "{}", rule.matcher.regex.pattern.removesuffix("$"))  # type: ignore[attr-defined]
        served[path.replace("\\.", ".")] = {method.lower() for method in methods_of(rule.target)}
    told = {re.sub(r"\{\w+\}", "{}", path): set(item) for path, item in PATHS.items()}
    assert {path: methods for path, methods in served.items() if path not in NOT_DESCRIBED} == told


def test_a_call_tells_every_error_that_it_may_end_with() -> None:
    responses = document(summarize)["paths"]["/functions/summarize"]["post"]["responses"]
    assert {str(status_of(kind("…"))) for kind in CALL_ERRORS} | {"200"} == responses.keys()


@pytest.mark.parametrize(
    ("function", "bodies", "by_query"),
    [
        ("summarize", {"application/json", "multipart/form-data", "application/x-www-form-urlencoded"}, True),
        ("price", {"application/json", "multipart/form-data"}, True),
        (
            "measure",
            {
                "application/json",
                "multipart/form-data",
                "application/x-www-form-urlencoded",
                "application/octet-stream",
            },
            True,
        ),
        ("tables", {"application/json", "multipart/form-data"}, False),
        (
            "table",
            {
                "application/json",
                "multipart/form-data",
                "text/csv",
                "application/vnd.apache.arrow.stream",
                "application/vnd.apache.arrow.file",
                "application/vnd.apache.parquet",
            },
            False,
        ),
        (
            "picture",
            {"application/json", "multipart/form-data", "application/x-www-form-urlencoded", "image/*"},
            True,
        ),
    ],
)
def test_bodies_of_a_call(function: str, bodies: set[str], by_query: bool) -> None:
    (chosen,) = (one for one in ALL if one.__name__ == function)
    item = document(chosen)["paths"][f"/functions/{function}"]
    assert item["post"]["requestBody"]["content"].keys() == bodies
    assert ("get" in item) == by_query


def test_beside_a_file_the_query_gives_the_rest() -> None:
    post = document(table)["paths"]["/functions/table"]["post"]
    assert [one["name"] for one in post["parameters"]] == ["n", "traceparent"]
    assert not post["parameters"][0]["required"]


def test_examples_are_shown_with_their_results() -> None:
    post = document(summarize)["paths"]["/functions/summarize"]["post"]
    given = post["requestBody"]["content"]["application/json"]["examples"]
    shown = post["responses"]["200"]["content"]["application/json"]["examples"]
    assert [one["value"] for one in given.values()] == [{"values": [1, 2, 3], "q": 0.5}, {"values": [4]}]
    assert shown["example 1"]["value"] == {"quantile": 2, "mean": 2}


def test_classes_become_components_of_their_own() -> None:
    schemas = document(price, tree)["components"]["schemas"]
    assert schemas["price.input"]["properties"]["room"]["$ref"] == "#/components/schemas/price.input.Room"
    assert "#/components/schemas/tree.input.Node" in set(references(schemas["tree.input.Node"]))


def test_only_public_functions_can_be_called_without_the_token() -> None:
    private = document(summarize)["paths"]["/functions/summarize"]["post"]["security"]
    public = document(summarize, public=True)["paths"]["/functions/summarize"]["post"]["security"]
    assert (private, public) == ([{"token": []}], [{}, {"token": []}])


def test_names_that_components_cannot_have() -> None:
    schema = {
        "type": "object",
        "properties": {"x": {"$ref": "#/$defs/Maß"}, "y": {"$ref": "#/$defs/Ma_"}, "z": {"$ref": "#"}},
        "$defs": {"Maß": {"type": "number"}, "Ma_": {"type": "string"}},
    }
    whole = document(summarize, input_schema=schema)
    validate(cast("Any", whole))
    properties = whole["components"]["schemas"]["summarize.input"]["properties"]
    assert properties["z"]["$ref"] == "#/components/schemas/summarize.input"
    aims = [properties[name]["$ref"].rpartition("/")[2] for name in "xy"]
    assert [whole["components"]["schemas"][aim]["type"] for aim in aims] == ["number", "string"]
