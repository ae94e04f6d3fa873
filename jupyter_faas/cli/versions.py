"""Commands about versions: versions, diff, alias, rollback, prune."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from jupyter_faas.cli.arguments import Commands, UsageError, add_command, client_of
from jupyter_faas.cli.output import note, paint, print_json, print_table
from jupyter_faas.client.wording import (
    change_words,
    from_where,
    moved_words,
    pruned_words,
    share_words,
    shares_of,
)

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Add this module's commands."""
    versions = add_command(
        commands, "versions", _versions, "list the versions of a function and what changed"
    )
    versions.add_argument("name", metavar="NAME")
    versions.add_argument("--limit", type=int, default=20, metavar="N", help="the last N versions (20)")
    diff = add_command(
        commands,
        "diff",
        _diff,
        "show what changed between two versions of a function",
        description="  jupyter faas diff summarize 6 7\n"
        "  jupyter faas diff summarize 7                what is new in version 7\n"
        "What breaks callers is said first.",
    )
    diff.add_argument("name", metavar="NAME")
    diff.add_argument("numbers", metavar="VERSION", type=_number, nargs="+", help="one version, or two")
    alias = add_command(
        commands,
        "alias",
        _alias,
        "show a function's aliases, or move one",
        description="  jupyter faas alias summarize                 where its aliases lead, and their moves\n"
        "  jupyter faas alias summarize prod 7          summarize@prod means version 7\n"
        "  jupyter faas alias summarize prod 7:90,8:10  90 % of its calls go to version 7\n"
        "  jupyter faas alias summarize prod latest     where latest leads now\n"
        "  jupyter faas alias summarize prod --remove\n"
        "Versions are started before the alias leads to them, so that no call fails.",
    )
    alias.add_argument("name", metavar="NAME")
    alias.add_argument("alias", metavar="ALIAS", nargs="?")
    alias.add_argument("target", metavar="TARGET", nargs="?", help="7, 7:90,8:10, or another alias")
    alias.add_argument("--remove", action="store_true", help="forget the alias")
    rollback = add_command(
        commands, "rollback", _rollback, "move latest back to the version that last served well"
    )
    rollback.add_argument("name", metavar="NAME")
    rollback.add_argument("--to", type=_number, metavar="VERSION", help="to this version")
    prune = add_command(
        commands,
        "prune",
        _prune,
        "remove old versions, and the images and bundles that nothing needs",
        description="What is kept: see the settings of Retention. The gateway does this by itself, too.",
    )
    prune.add_argument("--dry-run", action="store_true", help="only show what would go, and how much that is")
    prune.add_argument("--yes", action="store_true", help="don't ask")


def _versions(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        page = client.versions(arguments.name, arguments.limit)
    if arguments.json:
        print_json(page)
        return 0
    rows = [
        (
            one["version"],
            share_words(one["aliases"]),
            one["published"],
            one["author"] or "",
            from_where(one),
            "; ".join(change_words(one["changes"], 2)),
        )
        for one in page["versions"]
    ]
    print_table(("VERSION", "ALIASES", "PUBLISHED", "BY", "FROM", "CHANGES"), rows)
    if page["next"] is not None:
        note(f"{len(rows)} of {page['total']} versions: --limit shows more.")
    return 0


def _diff(arguments: argparse.Namespace) -> int:
    numbers: list[int] = arguments.numbers
    if len(numbers) > 2:
        raise UsageError("diff compares two versions: NAME OLD NEW")
    since, number = numbers if len(numbers) == 2 else (None, numbers[0])
    with client_of(arguments) as client:
        found = client.changes(arguments.name, number, since)
    if arguments.json:
        print_json(found)
        return 0
    print(f"{found['function']}: version {found['since']} → {found['version']}")
    for change in found["changes"]:
        mark = paint("breaks", "red", sys.stdout) if change["breaking"] else "      "
        print(f"  {mark}  {change['part']}: {change['what']}")
    if not found["changes"]:
        print("  nothing is different")
    for line in found["source"].splitlines():
        print(paint(line, _COLOURS.get(line[:1], ""), sys.stdout) if line[:1] in _COLOURS else line)
    return 0


_COLOURS = {"+": "green", "-": "red", "@": "bold"}


def _alias(arguments: argparse.Namespace) -> int:
    name, alias, target = arguments.name, arguments.alias, arguments.target
    if arguments.remove and (alias is None or target is not None):
        raise UsageError("--remove forgets one alias: alias NAME ALIAS --remove")
    with client_of(arguments) as client:
        if alias is None or (target is None and not arguments.remove):
            return _show_aliases(client.aliases(name), alias, arguments.json)
        moved = (
            client.remove_alias(name, alias) if arguments.remove else client.set_alias(name, alias, target)
        )
    return _show_moved(moved, arguments.json)


def _show_aliases(found: dict[str, Any], alias: str | None, as_json: bool) -> int:
    if alias is not None:
        if alias not in found["aliases"]:
            raise UsageError(
                f"{found['function']} has no alias {alias}; to make it, name a version: alias NAME {alias} 7"
            )
        found["aliases"] = {alias: found["aliases"][alias]}
        found["moves"] = [move for move in found["moves"] if move["alias"] == alias]
    if as_json:
        print_json(found)
        return 0
    print_table(("ALIAS", "VERSION"), [(name, shares_of(one)) for name, one in found["aliases"].items()])
    if found["moves"]:
        print()
        print_table(
            ("MOVED", "ALIAS", "FROM", "TO", "BY", "WHY"),
            [
                [move[key] or "" for key in ("moved", "alias", "before", "after", "author", "reason")]
                for move in found["moves"]
            ],
        )
    return 0


def _rollback(arguments: argparse.Namespace) -> int:
    with client_of(arguments) as client:
        return _show_moved(client.roll_back(arguments.name, arguments.to), arguments.json)


def _show_moved(moved: dict[str, Any], as_json: bool) -> int:
    if as_json:
        print_json(moved)
    else:
        print(moved_words(moved))
    return 0


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of a version, such as 7")
    return int(text)


def _prune(arguments: argparse.Namespace) -> int:
    if not arguments.dry_run and not arguments.yes and not sys.stdin.isatty():
        raise UsageError("pruning can't be undone and there is no terminal to ask on: add --yes")
    with client_of(arguments) as client:
        if arguments.dry_run:
            return _show_pruned(client.prune(dry_run=True), arguments.json)
        if not arguments.yes:
            for line in pruned_words(client.prune(dry_run=True)):
                note(line)
            if input("Go on? [y/N] ").strip().lower() not in {"y", "yes"}:
                note("Nothing was removed.")
                return 1
        return _show_pruned(client.prune(), arguments.json)


def _show_pruned(found: dict[str, Any], as_json: bool) -> int:
    if as_json:
        print_json(found)
    else:
        print("\n".join(pruned_words(found)))
    return 0
