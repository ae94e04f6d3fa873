"""The tables of docs/ are complete, and invent nothing."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from jupyter_faas.cli import command_parsers
from jupyter_faas.gateway.problems import status_of
from jupyter_faas.kernel.annotation import option_actions
from jupyter_faas.model.errors import leaf_errors
from tests.docs.test_settings import COMPONENTS

DOCS = Path(__file__).parents[2] / "docs"


def rows(page: str, head: str) -> list[list[str]]:
    """The cells of the table whose first column is called ``head``."""
    _, _, table = (DOCS / page).read_text().partition(f"| {head} |")
    lines = table.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def named(cell: str) -> list[str]:
    """The first word of each code in a cell."""
    return re.findall(r"`([\w.-]+)[^`]*`", cell)


def test_options_of_publish() -> None:
    documented = {
        name.removeprefix("--"): row for row in rows("publishing.md", "option") for name in named(row[0])
    }
    actions = option_actions()
    assert documented.keys() == {name if name != "name" else "NAME" for name in actions}
    for name, action in actions.items():
        stated = re.search(r"Default: ([\w .]+?)\.(?: |$)", action.help or "")
        row = documented.get(name, documented["NAME"])
        if stated and action.default is None and name not in ("name", "environment", "gateway"):
            assert stated[1] == row[2], name


def test_errors() -> None:
    documented = {row[0].strip("`"): (row[1], row[2].strip("`")) for row in rows("errors.md", "code")}
    raised = {leaf.code: (str(status_of(leaf("…"))), leaf.__name__) for leaf in leaf_errors()}
    assert documented == raised
    assert all(row[3] and row[4] for row in rows("errors.md", "code"))


def test_settings() -> None:
    documented = {row[0].strip("`"): row[1].strip("`") for row in rows("settings.md", "setting")}
    settings = {
        f"{component.__name__}.{name}": str(trait.default())
        for component in COMPONENTS
        for name, trait in component.class_own_traits(config=True).items()
    }
    assert documented == settings


def test_commands() -> None:
    assert {named(row[0])[0] for row in rows("command-line.md", "command")} == command_parsers().keys()


@pytest.mark.parametrize("command", command_parsers())
def test_options_of_commands(command: str) -> None:
    text = (DOCS / "command-line.md").read_text()
    for action in command_parsers()[command]._actions:
        if not isinstance(action, argparse._HelpAction):
            assert all(f"`{option}" in text for option in action.option_strings)


def test_options_of_publishing_a_notebook() -> None:
    documented = {named(row[0])[0] for row in rows("command-line.md", "option of `publish`")}
    options = {option for action in command_parsers()["publish"]._actions for option in action.option_strings}
    assert documented == options - {"-h", "--help", "--gateway", "--json"}
