"""Byte code of packages: kept by content, the same bytes whatever else is compiled, and bounded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_faas.gateway.images import compiled
from jupyter_faas.gateway.images.bytecode import cache_name
from jupyter_faas.gateway.images.compiled import CompiledPackages
from jupyter_faas.gateway.images.layers import Entry

PLACE = "opt/faas/packages"


def sources(folder: Path, files: dict[str, str]) -> list[Entry]:
    """Files of an installation in ``folder``."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return [Entry(f"{PLACE}/{name}", source=folder / name) for name in files]


def bytes_of(entries: list[Entry]) -> dict[str, bytes | None]:
    return {entry.path: entry.content for entry in entries}


def test_a_package_is_compiled_once_and_the_same_beside_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = {"one/__init__.py": "x = 1\n", "one/a.py": "def f(): pass\n"}, {"other.py": "y = (1, 'z')\n"}
    kept = CompiledPackages(tmp_path / "kept")
    alone = bytes_of(kept.entries(sources(tmp_path / "first", one)))
    name = cache_name(f"/{PLACE}/one/a.py").lstrip("/")
    assert b"/opt/faas/packages/one/a.py" in (alone[name] or b"")
    both = bytes_of(
        CompiledPackages(tmp_path / "new").entries(sources(tmp_path / "second", {**other, **one}))
    )
    assert both.items() > alone.items(), "what stands beside it changes nothing"
    monkeypatch.setattr(compiled, "compile_sources", lambda *_: pytest.fail("it is compiled again"))
    assert bytes_of(kept.entries(sources(tmp_path / "third", one))) == alone
    assert [path.suffix for path in (tmp_path / "kept").iterdir()] == [".tar"]


def test_other_content_is_compiled_anew_and_what_can_not_be_is_left_out(tmp_path: Path) -> None:
    kept = CompiledPackages(tmp_path / "kept")
    before = bytes_of(kept.entries(sources(tmp_path / "site", {"one.py": "x = 1\n", "bad.py": "print 1\n"})))
    after = bytes_of(kept.entries(sources(tmp_path / "site", {"one.py": "x = 2\n", "bad.py": "print 1\n"})))
    assert list(before) == list(after) == [cache_name(f"/{PLACE}/one.py").lstrip("/")]
    assert before != after


def test_large_packages_are_compiled_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "BATCH", 3)
    files = {f"big/m{number}.py": f"x = {number}\n" for number in range(10)}
    assert len(CompiledPackages(tmp_path / "kept").entries(sources(tmp_path / "site", files))) == 10
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_what_was_not_used_for_the_longest_time_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = CompiledPackages(tmp_path / "kept")
    for number, name in enumerate(("old", "recent")):
        before = set((tmp_path / "kept").glob("*"))
        kept.entries(sources(tmp_path / "site", {f"{name}.py": "x = 1\n"}))
        (made,) = set((tmp_path / "kept").glob("*")) - before
        os.utime(made, (number, number))
    size = sum(path.stat().st_size for path in (tmp_path / "kept").iterdir())
    monkeypatch.setattr(compiled, "MAX_BYTES", size)
    kept.entries(sources(tmp_path / "site", {"recent.py": "x = 1\n"}))
    kept.entries(sources(tmp_path / "site", {"third.py": "x = 1\n"}))
    monkeypatch.setattr(compiled, "compile_sources", lambda *_: {})
    assert len(kept.entries(sources(tmp_path / "site", {"recent.py": "x = 1\n"}))) == 1
    assert kept.entries(sources(tmp_path / "site", {"old.py": "x = 1\n"})) == []
