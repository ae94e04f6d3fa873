"""Where a module comes from: Python itself, an installed distribution, a file of the author, or nowhere."""

from __future__ import annotations

import importlib.util
import json
import site
import sys
import sysconfig
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

__all__ = ["Origin", "Origins"]

_LIBRARIES: Final = ("purelib", "platlib")

Kind = Literal["stdlib", "installed", "editable", "local", "notebook", "missing"]


@dataclass(frozen=True)
class Origin:
    """Where ``module`` comes from; ``distributions`` hold it if it is installed, ``file`` if it is not."""

    module: str
    kind: Kind
    distributions: tuple[str, ...] = ()
    file: str | None = None


class Origins:
    """Answers for the packages installed in this kernel; reads their metadata once, when first needed."""

    @cached_property
    def _by_top_name(self) -> dict[str, list[str]]:
        return {top: sorted(set(names)) for top, names in metadata.packages_distributions().items()}

    def of(self, module: str) -> Origin:
        """Where ``module`` (dotted) comes from; imports nothing."""
        top = module.partition(".")[0]
        if top == "__main__":
            return Origin(module, "notebook")
        file = _file_of(top)
        if top in sys.stdlib_module_names and (file is None or _belongs_to_python(file)):
            return Origin(module, "stdlib")
        if file is not None and not _in_site_packages(file):
            return self._authors_own(module, file)
        if top in self._by_top_name:
            return Origin(module, "installed", self._narrowed(module, self._by_top_name[top]), file)
        return Origin(module, "missing") if file is None else Origin(module, "local", file=file)

    def _authors_own(self, module: str, file: str) -> Origin:
        editable = next((name for name, root in self._editables.items() if _below(file, root)), None)
        if editable is not None:
            return Origin(module, "editable", (editable,), file)
        return Origin(module, "local", file=file)

    @cached_property
    def _editables(self) -> dict[str, Path]:
        roots = {}
        for distribution in metadata.distributions():
            url = _editable_url(distribution)
            if url is not None:
                roots[distribution.name] = Path(unquote(urlsplit(url).path))
        return roots

    def _narrowed(self, module: str, names: list[str]) -> tuple[str, ...]:
        """Of several distributions that share a top name, those whose files hold ``module``."""
        if len(names) == 1:
            return tuple(names)
        parts = module.split(".")
        for length in range(len(parts), 1, -1):
            holding = tuple(name for name in names if _holds(name, "/".join(parts[:length])))
            if holding:
                return holding
        owners = tuple(name for name in names if _holds(name, parts[0]))
        return owners or tuple(names)


def _file_of(top: str) -> str | None:
    loaded = sys.modules.get(top)
    if loaded is not None:
        file = getattr(loaded, "__file__", None)
        return file or next(iter(getattr(loaded, "__path__", [])), None)
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None:
        return None
    if spec.origin not in (None, "built-in", "frozen"):
        return spec.origin
    return next(iter(spec.submodule_search_locations or []), None)


def _belongs_to_python(file: str) -> bool:
    roots = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), sys.base_prefix}
    return any(_below(file, Path(root)) for root in roots)


def _in_site_packages(file: str) -> bool:
    # Asked before anything else: a project's folder, installed as editable, often holds the environment.
    folders = [*site.getsitepackages(), site.getusersitepackages(), *map(sysconfig.get_path, _LIBRARIES)]
    return any(_below(file, Path(folder)) for folder in folders)


def _below(file: str | None, root: Path) -> bool:
    if file is None:
        return False
    path = Path(file)
    return path.is_relative_to(root) or path.resolve().is_relative_to(root.resolve())


def _editable_url(distribution: metadata.Distribution) -> str | None:
    text = distribution.read_text("direct_url.json")
    if text is None:
        return None
    direct = json.loads(text)
    return str(direct["url"]) if direct.get("dir_info", {}).get("editable") else None


def _holds(name: str, path: str) -> bool:
    """Whether the distribution has a module at ``path``, or one that is compiled."""
    for file in metadata.files(name) or []:
        posix = file.as_posix()
        if posix in (f"{path}.py", f"{path}/__init__.py") or (
            posix.startswith(f"{path}.") and posix.endswith((".so", ".pyd"))
        ):
            return True
    return False
