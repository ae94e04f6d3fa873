"""Versions, aliases and changes in words, for the command line and the notebook alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_faas.model.aliases import LATEST, version_number
from jupyter_faas.model.errors import MalformedRequest
from jupyter_faas.model.units import format_size

__all__ = [
    "change_words",
    "deletion_words",
    "from_where",
    "moved_words",
    "pruned_words",
    "share_words",
    "shares_of",
    "version_of",
]


def share_words(aliases: Mapping[str, int]) -> str:
    """The aliases that lead to a version: ``latest, prod (10 %)``."""
    return ", ".join(alias if share == 100 else f"{alias} ({share} %)" for alias, share in aliases.items())


def shares_of(shares: Mapping[str, int]) -> str:
    """Where an alias leads: ``7``, or ``90 % 7, 10 % 8``."""
    if len(shares) == 1:
        return next(iter(shares))
    return ", ".join(f"{share} % {number}" for number, share in shares.items())


def from_where(version: Mapping[str, Any]) -> str:
    """The notebook and cell that a version comes from."""
    return ", ".join(str(version[key]) for key in ("notebook", "cell") if version.get(key))


def change_words(changes: Mapping[str, Any] | None, most: int = 1000) -> list[str]:
    """The changes of a version, those that break callers first and named so; of the others, how many."""
    if changes is None:
        return []
    listed = changes["changes"]
    words = [f"BREAKS CALLERS: {one['what']}" if one["breaking"] else one["what"] for one in listed[:most]]
    more = len(listed) - len(words) + changes.get("more", 0)
    return [*words, f"and {more} more"] if more else words


def moved_words(moved: Mapping[str, Any]) -> str:
    """What moving an alias did."""
    name, alias = moved["function"], moved["alias"]
    before, after = moved["before"], moved["versions"]
    if not after:
        return f"{name} has no alias {alias} any more; it led to {shares_of(before)}."
    if before == after:
        return f"{name}@{alias} leads to {shares_of(after)} already."
    was = f", before to {shares_of(before)}" if before else ""
    return f"{name}@{alias} leads to {shares_of(after)} now{was}."


def version_of(name: str) -> tuple[str, int | None]:
    """The function and the version that ``summarize@7`` names; raises ``MalformedRequest`` for an alias."""
    function, at, selector = name.partition("@")
    if at and version_number(selector) is None:
        raise MalformedRequest(
            f"{selector!r} is not the number of a version. `jupyter faas alias {function} {selector} "
            "--remove` forgets an alias; its version stays."
        )
    return function, version_number(selector) if at else None


def deletion_words(found: Mapping[str, Any]) -> str:
    """What deleting something takes away: the question whether to, or what has been done."""
    name, done = found.get("deleted", found.get("function")), "deleted" in found
    if "version" in found:
        one = f"{name} version {found['version']}"
        size = format_size(found["layer_bytes"])
        return f"Deleted {one}." if done else f"Delete {one} ({size} of its own)?"
    what = _contents(found)
    if done:
        return f"Deleted {name} ({what})."
    calls = found.get("calls", 0)
    ends = f" {_counted(calls, 'running call')} may finish." if calls else ""
    return f"Delete {name} with all its versions ({what})?{ends}"


def pruned_words(found: Mapping[str, Any]) -> list[str]:
    """What a collection takes away, or has taken away."""
    would = "would go" if found["dry_run"] else "gone"
    by_name: dict[str, list[str]] = {}
    for one in found["versions"]:
        by_name.setdefault(one["function"], []).append(str(one["version"]))
    lines = [f"{name}: version{'s' * (len(all_) > 1)} {', '.join(all_)}" for name, all_ in by_name.items()]
    images = [_counted(count, f"{kind} image") for kind, count in found["images"].items() if count]
    what = ", ".join(
        [
            _counted(len(found["versions"]), "version"),
            *images,
            *([_counted(found["bundles"], "bundle")] if found["bundles"] else []),
        ]
    )
    policy = found["policy"]
    days = policy["keep_seconds"] / 86400
    kept = (
        f"Kept: {_counted(found['kept'], 'version')}. Of each function the last {policy['keep_versions']}, "
        "those that an alias leads to or rolling back would lead to, those in use, and those published or "
        f"called in the last {days:g} days."
    )
    return [*lines, f"{what}, {format_size(found['bytes'])} {would}.", kept]


def _contents(found: Mapping[str, Any]) -> str:
    what = [_counted(found["versions"], "version")]
    aliases = [alias for alias in found.get("aliases", ()) if alias != LATEST]
    if aliases:
        what.append(f"alias{'es' * (len(aliases) > 1)} {', '.join(aliases)}")
    if found.get("images"):
        what.append(f"{_counted(found['images'], 'image')} of {format_size(found['bytes'])}")
    for key, word in (("instances", "running instance"), ("invocations", "recorded call")):
        if found.get(key):
            what.append(_counted(found[key], word))
    return ", ".join(what)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
