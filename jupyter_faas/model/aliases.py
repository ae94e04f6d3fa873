"""Aliases as people write them: ``prod``, and the versions that it names, ``7`` or ``7:90,8:10``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from jupyter_faas.model.errors import MalformedRequest

__all__ = [
    "ALIAS_PATTERN",
    "LATEST",
    "Shares",
    "alias_in",
    "check_alias",
    "check_shares",
    "parse_shares",
    "shares_text",
    "version_number",
]

LATEST: Final = "latest"
"""The alias that every function has; only publishing and rolling back move it."""
ALL: Final = 100
MAX_VERSIONS: Final = 10
"""Versions among which one alias may share its calls out."""
ALIAS_PATTERN: Final = r"^(?!latest$)[A-Za-z][A-Za-z0-9_.-]{0,62}$"
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")
_SHARE: Final = re.compile(r"([1-9][0-9]{0,8}):([0-9]{1,3})")

Shares = Mapping[int, int]
"""Versions by number, each with its share of the calls in percent."""


def check_alias(alias: str) -> str:
    """``alias`` if a version may be called so; raises ``MalformedRequest`` otherwise."""
    if alias == LATEST:
        raise MalformedRequest(
            "The alias latest moves by itself, with each publish. `jupyter faas rollback NAME` moves it "
            "back; for a name that stays, take another: prod."
        )
    if not re.fullmatch(ALIAS_PATTERN, alias):
        number = " A number is the version itself, and can't be moved." if alias.isdigit() else ""
        raise MalformedRequest(
            f"{alias[:80]!r} can't be an alias: it begins with a letter and has letters a-z, digits, _, . "
            f"and -, 63 at most.{number}"
        )
    return alias


def check_shares(shares: Shares) -> Shares:
    """``shares`` if they share out all calls; raises ``MalformedRequest`` otherwise."""
    if not shares:
        raise MalformedRequest("An alias names at least one version: 7, or 7:90,8:10.")
    if len(shares) > MAX_VERSIONS:
        raise MalformedRequest(
            f"An alias shares its calls out among {MAX_VERSIONS} versions at most, not {len(shares)}."
        )
    none = [number for number, share in shares.items() if share < 1]
    if none:
        raise MalformedRequest(f"Version {none[0]} gets no calls: leave it out.")
    total = sum(shares.values())
    if total != ALL:
        sum_of = " + ".join(map(str, shares.values()))
        raise MalformedRequest(f"The shares are in percent and sum to {ALL}; {sum_of} is {total}.")
    return dict(sorted(shares.items()))


def parse_shares(text: str) -> Shares:
    """What ``7`` or ``7:90,8:10`` writes; raises ``MalformedRequest``."""
    if _NUMBER.fullmatch(text):
        return {int(text): ALL}
    shares: dict[int, int] = {}
    for part in text.split(","):
        match = _SHARE.fullmatch(part.strip())
        if match is None:
            raise MalformedRequest(
                f"{text[:80]!r} names no version: write its number, 7, or several with their percent of the "
                "calls, 7:90,8:10."
            )
        number = int(match[1])
        if number in shares:
            raise MalformedRequest(f"Version {number} is named twice in {text[:80]!r}.")
        shares[number] = int(match[2])
    return check_shares(shares)


def shares_text(shares: Shares) -> str:
    """``shares`` as ``parse_shares`` reads them."""
    if len(shares) == 1:
        return str(next(iter(shares)))
    return ",".join(f"{number}:{share}" for number, share in sorted(shares.items()))


def alias_in(selector: str) -> str | None:
    """The alias that ``selector`` is, unless it is a version's number."""
    return None if version_number(selector) is not None else selector


def version_number(selector: str) -> int | None:
    """The number that ``selector`` is, if it is one."""
    return int(selector) if _NUMBER.fullmatch(selector) else None
