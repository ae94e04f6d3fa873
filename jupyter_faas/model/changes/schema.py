"""What changed in how a function is called, and in what it returns."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from jupyter_faas.model.changes.change import Change
from jupyter_faas.model.changes.containment import Containment, Reason

__all__ = ["schema_changes"]

MEDIA: Final = "x-faas-media"
_WORDS: Final = frozenset({"title", "description", "examples", "default"})
_TAKEN: Final = {
    "type": "no longer takes {}",
    "value": "no longer takes {}",
    "limit": "is bounded by {} now",
    "needs": "needs its member {} now",
    "member": "no longer takes the member {}",
    "real": "is taken for {} now",
    "unknown": "has another {}, which can't be compared",
}
_GIVEN: Final = {
    "type": "can be {} now",
    "value": "can be {} now",
    "limit": "is no longer bounded by {}",
    "needs": "may lack its member {}",
    "member": "can have the member {}",
    "real": "is no longer {}",
    "unknown": "has another {}, which can't be compared",
}


def schema_changes(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    old_result: Mapping[str, Any] | None = None,
    new_result: Mapping[str, Any] | None = None,
    old_signature: str = "",
    new_signature: str = "",
) -> Iterator[Change]:
    """What is different for callers, by the schemas of the parameters and results and by the signatures."""
    renamed = dict(_renamed(old, new))
    yield from _parameters(old, new, renamed)
    gone = {name for name in old.get("properties", {}) if name not in new.get("properties", {})}
    yield from _positions(old_signature, new_signature, gone)
    yield from _results(old_result, new_result)


def _parameters(
    old: Mapping[str, Any], new: Mapping[str, Any], renamed: Mapping[str, str]
) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    required, was_required = new.get("required", ()), old.get("required", ())
    compared = Containment(old, new)
    for name in before:
        if name in renamed:
            yield Change("schema", f"parameter {name} is called {renamed[name]} now", True)
        elif name not in after:
            yield Change("schema", f"parameter {name} is gone", True)
        else:
            yield from _one(name, old, new)
            if name in required and name not in was_required:
                yield Change("schema", f"parameter {name} is required now", True)
            elif name in was_required and name not in required:
                yield Change("schema", f"parameter {name} is optional now")
    rest, others = old.get("additionalProperties", True), new.get("additionalProperties", True)
    for name in after:
        if name not in before and name not in renamed.values():
            swallowed = rest is not False and bool(compared.reasons(rest, after[name]))
            kind = "required" if name in required else "optional"
            yield Change("schema", f"parameter {name} is new, and {kind}", kind == "required" or swallowed)
    yield from _others(rest, others, compared)
    apart = {"type", "properties", "required", "additionalProperties", "$defs", "$schema", *_WORDS}
    for keyword in sorted((old.keys() | new.keys()) - apart):
        if old.get(keyword) != new.get(keyword):
            yield Change("schema", f"the parameters together have another {keyword}", True)


def _one(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """A parameter that is there before and after."""
    mine, other = (one.get("properties", {})[name] for one in (old, new))
    reasons = Containment(old, new).reasons(mine, other, name)
    for reason in reasons:
        yield Change("schema", f"parameter {_phrase(reason, _TAKEN)}", True)
    if not reasons and Containment(new, old).reasons(other, mine):
        yield Change("schema", f"parameter {name} takes more than before")
    if not isinstance(mine, Mapping) or not isinstance(other, Mapping):
        return
    if "default" in mine and "default" in other and mine["default"] != other["default"]:
        before, after = (json.dumps(one["default"], ensure_ascii=False) for one in (mine, other))
        yield Change("schema", f"parameter {name} has the default {after} instead of {before}")
    forms = other.get(MEDIA, ())
    lost = [] if "*/*" in forms else [form for form in mine.get(MEDIA, ()) if form not in forms]
    if lost:
        yield Change("schema", f"parameter {name} is no longer taken as {', '.join(lost)}", True)


def _others(rest: Any, others: Any, compared: Containment) -> Iterator[Change]:
    """Parameters without a name of their own, ``**kwargs``."""
    if rest is False and others is not False:
        yield Change("schema", "other parameters are taken, too")
    elif rest is not False and others is False:
        yield Change("schema", "other parameters are no longer taken", True)
    elif rest is not False:
        for reason in compared.reasons(rest, others, "**"):
            yield Change("schema", f"parameter {_phrase(reason, _TAKEN)}", True)


def _renamed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Parameters that are gone while one that is the same but for its name has come, if that is clear."""
    before, after = old.get("properties", {}), new.get("properties", {})
    gone = [name for name in before if name not in after]
    come = [name for name in after if name not in before]
    for name in gone:
        alike = [
            one
            for one in come
            if _bare(before[name]) == _bare(after[one])
            and (name in old.get("required", ())) == (one in new.get("required", ()))
        ]
        others = [one for one in gone if _bare(before[one]) == _bare(before[name])]
        if len(alike) == 1 and len(others) == 1:
            yield name, alike[0]


def _results(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> Iterator[Change]:
    if old is None or new is None:
        if old is not None:
            yield Change("schema", "the type of the result is no longer told", True)
        elif new is not None:
            yield Change("schema", "the type of the result is told now")
        return
    reasons = Containment(new, old, results=True).reasons(new, old)
    for reason in reasons:
        yield Change("schema", f"the result {_phrase(reason, _GIVEN)}", True)
    if not reasons and Containment(old, new, results=True).reasons(old, new):
        yield Change("schema", "the result is told more narrowly, or has more members")
    before, after = old.get(MEDIA, ()), new.get(MEDIA, ())
    lost = [form for form in before if form not in after]
    if lost and (after or not reasons):
        yield Change("schema", f"the result can no longer be had as {', '.join(lost)}", True)
    elif before and after and before[0] != after[0]:
        yield Change(
            "schema", f"the result comes as {after[0]} unless asked otherwise, not as {before[0]}", True
        )


def _positions(old: str, new: str, gone: set[str]) -> Iterator[Change]:
    """Parameters that a call in Python gives by position, or by name, and can't any more."""
    before, after = _arguments(old), _arguments(new)
    if before is None or after is None:
        return
    mine, other = ([arg.arg for arg in [*one.posonlyargs, *one.args]] for one in (before, after))
    for index, name in enumerate(mine):
        if name not in gone and (index >= len(other) or other[index] != name):
            now = f"number {other.index(name) + 1}" if name in other else "to be given by name"
            yield Change("schema", f"parameter {name} is {now}, where it was number {index + 1}", True)
    for arg in after.posonlyargs:
        if arg.arg in [*mine, *(one.arg for one in before.kwonlyargs)] and arg.arg not in [
            one.arg for one in before.posonlyargs
        ]:
            yield Change("schema", f"parameter {arg.arg} can no longer be given by name in Python", True)


def _arguments(signature: str) -> ast.arguments | None:
    if not signature:
        return None
    try:
        node = ast.parse(f"def f{signature}: ...").body[0]
    except (SyntaxError, ValueError):
        return None
    return node.args if isinstance(node, ast.FunctionDef) else None


def _phrase(reason: Reason, phrases: Mapping[str, str]) -> str:
    said = phrases[reason.kind].format(reason.what)
    return f"{reason.place} {said}" if reason.place else said


def _bare(schema: Any) -> Any:
    """A schema without what is only said to people."""
    if isinstance(schema, list):
        return [_bare(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept = {name: value for name, value in schema.items() if name not in _WORDS}
    return {
        name: {key: _bare(one) for key, one in value.items()}
        if name in ("properties", "$defs")
        else _bare(value)
        for name, value in kept.items()
    }
