"""A frozen value needs the versions that made it; another one is refused before anything is built."""

from tests.support.corpus import Run

CLAUSES = ("values: versions that differ", "values: --recompute")


def verify(run: Run) -> None:
    from importlib.metadata import version

    text = run.text("pinned")
    assert "- newest (packaging.version.Version)" in text
    assert f"it is frozen with packaging {version('packaging')}, the version of this kernel" in text
    assert "packaging==20.0 (--require) couldn't load it: install that version here" in text
    assert run.call("made_there") == ["2.0", "20.0"]
