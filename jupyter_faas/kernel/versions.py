"""``%faas versions``, ``diff``, ``alias``, ``rollback`` and ``delete``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from IPython.core.error import StdinNotImplementedError, UsageError

from jupyter_faas.client import GatewayClient
from jupyter_faas.client.wording import (
    change_words,
    deletion_words,
    from_where,
    moved_words,
    pruned_words,
    share_words,
    shares_of,
    version_of,
)
from jupyter_faas.kernel.differences import Differences
from jupyter_faas.kernel.tables import Table

__all__ = ["VERSION_COMMANDS", "Said", "add_parsers", "prune"]


class Said:
    """A sentence as the value of a cell: shown as it is, without quotes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text


def add_parsers(commands: Any) -> None:
    """Add the parsers of these commands."""
    parsers = {name: commands.add_parser(name) for name in VERSION_COMMANDS}
    for parser in parsers.values():
        parser.add_argument("name")
        parser.add_argument("--json", action="store_true")
    parsers["versions"].add_argument("--limit", type=int, default=20)
    parsers["diff"].add_argument("numbers", type=int, nargs="+")
    parsers["alias"].add_argument("alias", nargs="?")
    parsers["alias"].add_argument("target", nargs="?")
    parsers["alias"].add_argument("--remove", action="store_true")
    parsers["rollback"].add_argument("--to", type=int)
    parsers["delete"].add_argument("--yes", action="store_true")


def _versions(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    page = gateway.versions(options.name, options.limit)
    if options.json:
        return page
    columns = ("version", "aliases", "published", "by", "from", "changes")
    rows = (
        (
            str(one["version"]),
            share_words(one["aliases"]),
            one["published"],
            one["author"] or "",
            from_where(one),
            "\n".join(change_words(one["changes"], 5)),
        )
        for one in page["versions"]
    )
    return Table(columns, tuple(rows))


def _diff(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    if len(options.numbers) > 2:
        raise UsageError("%faas diff compares two versions: %faas diff NAME 6 7.")
    since = options.numbers[0] if len(options.numbers) == 2 else None
    found = gateway.changes(options.name, options.numbers[-1], since)
    return found if options.json else Differences(found)


def _alias(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    if options.remove and (options.alias is None or options.target is not None):
        raise UsageError("--remove forgets one alias: %faas alias NAME ALIAS --remove.")
    if options.remove:
        moved = gateway.remove_alias(options.name, options.alias)
    elif options.target is not None:
        moved = gateway.set_alias(options.name, options.alias, options.target)
    else:
        found = gateway.aliases(options.name)
        rows = tuple(
            (alias, shares_of(shares))
            for alias, shares in found["aliases"].items()
            if options.alias in (None, alias)
        )
        return found if options.json else Table(("alias", "version"), rows, f"There is no {options.alias}.")
    return moved if options.json else Said(moved_words(moved))


def _rollback(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    moved = gateway.roll_back(options.name, options.to)
    return moved if options.json else Said(moved_words(moved))


def _delete(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    name, number = version_of(options.name)
    if not options.yes:
        preview = gateway.deletion(name) if number is None else gateway.version(name, number)
        try:
            said = input(f"{deletion_words(preview)} [y/N] ")
        except StdinNotImplementedError:
            raise UsageError("%faas delete asks before it deletes, and can't here: add --yes.") from None
        if said.strip().lower() not in {"y", "yes"}:
            return Said("Nothing was deleted.")
    done = gateway.delete(name) if number is None else gateway.delete_version(name, number)
    return done if options.json else Said(deletion_words(done))


def prune(gateway: GatewayClient, options: argparse.Namespace, line: str) -> Any:  # noqa: ARG001
    """``%faas prune``: of all functions, so that it has no name."""
    found = gateway.prune(options.dry_run)
    return found if options.json else Said("\n".join(pruned_words(found)))


VERSION_COMMANDS: dict[str, Callable[[GatewayClient, argparse.Namespace, str], Any]] = {
    "versions": _versions,
    "diff": _diff,
    "alias": _alias,
    "rollback": _rollback,
    "delete": _delete,
}
