"""Expressions of Prometheus, parsed: which series they ask for, by which labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser

__all__ = ["labels_in", "selectors_in"]


def selectors_in(expression: str) -> dict[str, set[str]]:
    """The series that an expression asks for, each with the labels that it chooses by.

    Raises ``ValueError`` for what is no expression.
    """
    found: dict[str, set[str]] = {}
    for node in _nodes(expression):
        selector = getattr(node, "vector_selector", node)
        if isinstance(selector, promql_parser.VectorSelector):
            found.setdefault(str(selector.name), set()).update(
                each.name for each in selector.matchers.matchers
            )
    return found


def labels_in(expression: str) -> set[str]:
    """The labels that an expression groups by."""
    modifiers = (getattr(node, "modifier", None) for node in _nodes(expression))
    return {
        label
        for modifier in modifiers
        if isinstance(modifier, promql_parser.AggModifier)
        for label in modifier.labels
    }


def _nodes(expression: str) -> Iterator[Any]:
    nodes: list[Any] = []
    promql_parser.walk(promql_parser.parse(expression), nodes.append)
    return iter(nodes)
