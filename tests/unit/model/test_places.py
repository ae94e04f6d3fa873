"""Advice in the words of the place where it is read."""

from __future__ import annotations

from jupyter_faas.model.places import in_notebook, in_shell


def test_commands_of_both_places() -> None:
    said = "`jupyter faas list` shows the 12. Or `jupyter faas logs f`; see `jupyter faas status`."
    assert in_notebook(said) == "`%faas list` shows the 12. Or `%faas logs f`; see `%faas gateway`."
    assert in_shell(said) == said
    assert in_notebook("`jupyter faas doctor`, `jupyter faas serve`") == (
        "`jupyter faas doctor`, `jupyter faas serve`"
    )


def test_the_help_of_both_places() -> None:
    said = "unrecognized arguments: --x. %%publish? lists the options."
    assert in_notebook(said) == said
    assert "`jupyter faas publish --help` lists the options." in in_shell(said)
