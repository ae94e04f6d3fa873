"""Requirements that the author has written down: ``--environment FILE``.

A ``requirements.txt``, a ``pyproject.toml`` (``project.dependencies``; groups in brackets) or a script block
(PEP 723) in a ``.py`` file or, for ``--environment notebook``, in a cell of the notebook.
"""

from __future__ import annotations

import platform
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from jupyter_faas.kernel.direct_urls import NotPortable, local_wheel
from jupyter_faas.model.errors import AnnotationError

__all__ = ["Declared", "declared_in"]

NOTEBOOK: Final = "notebook"
_WITH_GROUPS = re.compile(r"(?P<file>.+?)(?:\[(?P<groups>[\w\s,.-]+)\])?")
# The reference implementation's expression (PEP 723, "Reference implementation").
_SCRIPT = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
_INCLUDE = re.compile(r"(?:-r|--requirement|(?P<limit>-c|--constraint))[\s=]*(?P<file>\S+)")
_OPTION = re.compile(r"\s--[a-z].*$")
MAX_INCLUDES = 20


@dataclass(frozen=True)
class Declared:
    """What ``source`` asks for; ``constraints`` only limit versions, as in pip's constraints files."""

    source: str
    requirements: tuple[Requirement, ...]
    constraints: tuple[Requirement, ...] = ()
    warnings: tuple[str, ...] = ()


def declared_in(text: str, folders: Sequence[Path], cells: Iterable[str]) -> Declared:
    """The requirements that ``--environment text`` names, looked for in ``folders``, the first one first.

    ``cells`` are the sources of the notebook's cells, the newest first. Raises ``AnnotationError`` for what
    isn't there or can't be understood, and for a ``requires-python`` that this kernel doesn't meet.
    """
    if text == NOTEBOOK:
        source = next((cell for cell in cells if _SCRIPT.search(cell)), None)
        if source is None:
            raise _fault(
                text, 'no cell that has run has a script block. It begins with a line "# /// script".'
            )
        return _of_script(text, source)
    match = _WITH_GROUPS.fullmatch(text)
    name, groups = (match["file"], _split(match["groups"] or "")) if match else (text, [])
    path = next((folder / name for folder in folders if (folder / name).is_file()), None)
    if path is None:
        places = " nor in ".join(dict.fromkeys(map(str, folders)))
        raise _fault(text, f"there is no file {name} in {places}.")
    if groups and path.suffix != ".toml":
        raise _fault(text, "only a pyproject.toml has groups.")
    return _of_file(text, path, groups)


def _of_file(text: str, path: Path, groups: Sequence[str]) -> Declared:
    try:
        content = path.read_text()
    except (OSError, ValueError) as error:
        raise _fault(text, f"{path} can't be read: {error}.") from error
    if path.suffix == ".toml":
        return _of_project(text, _toml(text, content), groups)
    if path.suffix == ".py":
        return _of_script(text, content)
    if path.suffix in (".yml", ".yaml", ".lock"):
        raise _fault(
            text,
            "it is no requirements.txt, pyproject.toml or script block. Write what pip would install of it "
            "into a requirements.txt, and what comes from the system into --apt.",
        )
    return _of_lines(text, path)


def _of_script(text: str, source: str) -> Declared:
    blocks = list(_SCRIPT.finditer(source))
    if len(blocks) != 1:
        count = "no script block" if not blocks else f"{len(blocks)} script blocks, where one is allowed"
        raise _fault(text, f'it has {count}. It begins with a line "# /// script".')
    lines = blocks[0]["content"].splitlines()
    block = _toml(text, "\n".join(line[2:] if line.startswith("# ") else line[1:] for line in lines))
    _check_python(text, block.get("requires-python"))
    return Declared(text, tuple(_requirement(text, one) for one in _texts(text, block, "dependencies")))


def _of_project(text: str, project_file: dict[str, Any], groups: Sequence[str]) -> Declared:
    project = project_file.get("project", {})
    if "dependencies" in project.get("dynamic", []):
        raise _fault(text, "its dependencies are dynamic, which only a build would tell.")
    _check_python(text, project.get("requires-python"))
    wanted = _texts(text, project, "dependencies")
    optional = project.get("optional-dependencies", {})
    for group in groups:
        known = {canonicalize_name(one): one for one in optional}
        if canonicalize_name(group) not in known:
            there = f"It has {', '.join(optional)}." if optional else "It has none."
            raise _fault(text, f"project.optional-dependencies has no group {group!r}. {there}")
        wanted += _texts(text, optional, known[canonicalize_name(group)])
    return Declared(text, tuple(_requirement(text, one) for one in wanted))


def _of_lines(text: str, path: Path) -> Declared:
    requirements: list[Requirement] = []
    constraints: list[Requirement] = []
    ignored: list[str] = []
    for line, folder, limits in _lines(text, path, False, [path.resolve()]):
        if line.startswith(("-e", "--editable", "./", "../", "/")) and not line.endswith(".whl"):
            raise _fault(text, f"{line!r} is a local project, which doesn't go along: build a wheel of it.")
        if line.startswith("-"):
            ignored.append(line.split("=")[0].split()[0])
            continue
        stated = _OPTION.sub("", line)
        if stated != line:
            ignored.append("--hash")
        (constraints if limits else requirements).append(_requirement(text, stated, folder))
    warnings = (_ignored(text, ignored),) if ignored else ()
    return Declared(text, tuple(requirements), tuple(constraints), warnings)


def _lines(text: str, path: Path, limits: bool, trail: list[Path]) -> Iterator[tuple[str, Path, bool]]:
    """The lines of a requirements file and those it includes, with their folder and whether they are
    constraints; comments and continuations are resolved (pip documentation, "Requirements File Format")."""
    try:
        content = path.read_text()
    except (OSError, ValueError) as error:
        raise _fault(text, f"{path} can't be read: {error}.") from error
    for raw in content.replace("\\\n", " ").splitlines():
        line = re.sub(r"(^|\s+)#.*$", "", raw).strip()
        include = _INCLUDE.fullmatch(line)
        if include is not None:
            inner = (path.parent / include["file"]).resolve()
            if inner in trail or len(trail) > MAX_INCLUDES:
                raise _fault(text, f"{inner} includes itself.")
            yield from _lines(text, inner, limits or bool(include["limit"]), [*trail, inner])
        elif line:
            yield line, path.parent, limits


def _ignored(text: str, options: Sequence[str]) -> str:
    named = ", ".join(dict.fromkeys(options))
    return (
        f"{text}: {named} is not taken over: indexes come from pip's or uv's configuration, and the lock has "
        "hashes of its own."
    )


def _requirement(text: str, written: str, folder: Path | None = None) -> Requirement:
    if folder is not None and written.endswith(".whl") and "@" not in written and "://" not in written:
        url = (folder / written).resolve().as_uri()
        try:
            written = f"{local_wheel(url).name.split('-')[0]} @ {url}"
        except NotPortable as error:
            raise _fault(text, f"{written}: {error}.") from None
    try:
        return Requirement(written)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        raise _fault(text, f"{written!r} is not a requirement (PEP 508): {reason}") from error


def _toml(text: str, content: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise _fault(text, f"it is not TOML: {error}.") from error


def _texts(text: str, table: dict[str, Any], key: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _fault(text, f"{key} is not a list of texts.")
    return list(value)


def _check_python(text: str, wanted: object) -> None:
    if wanted is None:
        return
    running = platform.python_version()
    try:
        if SpecifierSet(str(wanted)).contains(running, prereleases=True):
            return
    except InvalidSpecifier as error:
        raise _fault(text, f"requires-python {wanted!r} is not a version specifier.") from error
    raise _fault(text, f"it wants Python {wanted}, and this kernel runs {running}: run it in that Python.")


def _split(groups: str) -> list[str]:
    return [group.strip() for group in groups.split(",") if group.strip()]


def _fault(text: str, reason: str) -> AnnotationError:
    return AnnotationError(f"--environment {text}: {reason}")
