"""The control groups of a container, on a file system that looks like the kernel's."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jupyter_faas.gateway.engines.control_group import ControlGroup

CONTAINER = "c0ffee"


def group_in(folder: Path, membership: str) -> ControlGroup | None:
    processes = folder / "proc"
    (processes / "7").mkdir(parents=True)
    (processes / "7" / "cgroup").write_text(membership)
    return ControlGroup.of_container(7, CONTAINER, folder / "cgroup", processes)


def test_version_1(tmp_path: Path) -> None:
    freezer, memory = (tmp_path / "cgroup" / name / "docker" / CONTAINER for name in ("freezer", "memory"))
    freezer.mkdir(parents=True)
    memory.mkdir(parents=True)
    (freezer / "freezer.state").write_text("THAWED\n")
    (memory / "memory.usage_in_bytes").write_text("5000\n")
    (memory / "memory.stat").write_text("cache 900\ninactive_file 1\ntotal_inactive_file 800\n")
    group = group_in(tmp_path, f"6:freezer:/docker/{CONTAINER}\n4:memory:/docker/{CONTAINER}\n0::/\n")
    assert group is not None
    assert group.resident_bytes() == 4200
    assert asyncio.run(group.freeze())
    assert (freezer / "freezer.state").read_text() == "FROZEN"
    assert group.thaw()
    assert (freezer / "freezer.state").read_text() == "THAWED"


def test_version_2(tmp_path: Path) -> None:
    scope = tmp_path / "cgroup" / "system.slice" / f"docker-{CONTAINER}.scope"
    scope.mkdir(parents=True)
    (tmp_path / "cgroup" / "cgroup.controllers").write_text("memory")
    (scope / "cgroup.events").write_text("populated 1\nfrozen 1\n")
    (scope / "memory.current").write_text("5000\n")
    (scope / "memory.stat").write_text("file 900\ninactive_file 800\n")
    group = group_in(tmp_path, f"0::/system.slice/docker-{CONTAINER}.scope\n")
    assert group is not None
    assert group.resident_bytes() == 4200
    assert asyncio.run(group.freeze())
    assert (scope / "cgroup.freeze").read_text() == "1"


def test_a_freeze_that_the_kernel_does_not_finish_is_taken_back(tmp_path: Path) -> None:
    scope = tmp_path / "cgroup" / CONTAINER
    scope.mkdir(parents=True)
    (tmp_path / "cgroup" / "cgroup.controllers").write_text("memory")
    (scope / "cgroup.events").write_text("frozen 0\n")
    group = group_in(tmp_path, f"0::/{CONTAINER}\n")
    assert group is not None
    assert not asyncio.run(group.freeze())
    assert (scope / "cgroup.freeze").read_text() == "0"
    assert group.resident_bytes() is None


def test_groups_of_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "cgroup" / "freezer").mkdir(parents=True)
    assert group_in(tmp_path, "6:freezer:/\n0::/\n") is None
    assert ControlGroup.of_container(8, CONTAINER, tmp_path / "cgroup", tmp_path / "proc") is None


def test_a_group_that_is_not_ours_to_write_is_left_to_the_engine(tmp_path: Path) -> None:
    """As for a gateway that isn't root; a folder in the file's place refuses root, too."""
    scope = tmp_path / "cgroup" / CONTAINER
    (scope / "cgroup.freeze").mkdir(parents=True)
    (tmp_path / "cgroup" / "cgroup.controllers").write_text("memory")
    (scope / "cgroup.events").write_text("frozen 0\n")
    (scope / "memory.current").write_text("5000\n")
    (scope / "memory.stat").write_text("inactive_file 1000\n")
    group = group_in(tmp_path, f"0::/{CONTAINER}\n")
    assert group is not None
    assert not asyncio.run(group.freeze())
    assert not group.thaw()
    assert group.resident_bytes() == 4000, "reading it is allowed to everybody"


def test_a_path_outside_of_our_own_namespace_is_no_group(tmp_path: Path) -> None:
    """A gateway in a container sees paths that lead out of what is mounted for it."""
    (tmp_path / "cgroup").mkdir()
    (tmp_path / "cgroup" / "cgroup.controllers").write_text("memory")
    assert group_in(tmp_path, f"0::/../docker-{CONTAINER}.scope\n") is None


def test_both_versions_mounted_side_by_side(tmp_path: Path) -> None:
    """systemd's hybrid layout: the second has no controllers, the first is the one to ask."""
    (tmp_path / "cgroup" / "unified" / CONTAINER).mkdir(parents=True)
    (tmp_path / "cgroup" / "unified" / "cgroup.controllers").write_text("")
    memory = tmp_path / "cgroup" / "memory" / "docker" / CONTAINER
    memory.mkdir(parents=True)
    (memory / "memory.usage_in_bytes").write_text("700")
    (memory / "memory.stat").write_text("total_inactive_file 200\ninactive_file 1\n")
    group = group_in(tmp_path, f"0::/{CONTAINER}\n4:memory:/docker/{CONTAINER}\n")
    assert group is not None
    assert group.resident_bytes() == 500
    assert not asyncio.run(group.freeze()), "there is no freezer of version 1: the engine pauses"
