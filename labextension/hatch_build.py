"""Puts the built panel into the wheel. Hatchling runs this when it builds one.

An editable installation gets the panel from ``make panel``, which links it, so that it can do without.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "jupyter_faas/labextension"
INSTALLED = "share/jupyter/labextensions/jupyter-faas"


class PanelHook(BuildHookInterface[Any]):
    """See https://hatch.pypa.io/latest/plugins/build-hook/custom/."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the panel's files; a wheel without them would be one whose sidebar is silently missing."""
        if version == "editable":
            return
        if not Path(self.root, BUILT, "package.json").exists():
            raise FileNotFoundError(
                f"{BUILT} is missing: the JupyterLab panel has not been built. Run `make dist`, which does "
                "that first."
            )
        build_data["shared_data"][BUILT] = INSTALLED
