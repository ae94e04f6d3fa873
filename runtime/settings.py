"""What the processes of an instance have in common."""

from __future__ import annotations

import os

from .loading import read_manifest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .notes import Notes


class Settings:
    """What the workers of an instance have in common; they get it by being forked."""

    def __init__(
        self,
        root: str,
        init: dict[str, Any],
        environ: Mapping[str, str],
        memory_cap: int | None,
        notes: Notes | None,
    ) -> None:
        self.root = root
        self.environment = {str(name): str(value) for name, value in init.get("environment", {}).items()}
        self.caps: dict[str, Any] = init.get("caps") or declared_caps(root)
        self.result_bytes = int(init["result_bytes"])
        self.log_bytes = int(init["log_bytes"])
        self.network_denied = init.get("network", "none") == "none"
        self.open_files = int(environ.get("FAAS_NOFILE") or 0)
        self.isolates_calls = init.get("isolate") == "call"
        self.contained = os.getpid() == 1 and not environ.get("FAAS_SCRATCH")  # all below / is ours
        self.scratch = environ.get("FAAS_SCRATCH") or "/tmp"  # noqa: S108 - the container's own
        if self.isolates_calls and not self.contained and not environ.get("FAAS_SCRATCH"):
            from tempfile import mkdtemp

            self.scratch = mkdtemp(prefix="faas-")  # /tmp isn't ours alone, and isn't ours to clean
        self.log_level = environ.get("FAAS_LOG_LEVEL") or "INFO"
        self.memory_cap = memory_cap
        self.pids_cap = self.caps.get("pids")
        """The author's; the engine's is a little higher, for the supervisor's sake."""
        self.supervisor = os.getpid()
        self.notes = notes

    @property
    def told(self) -> dict[str, Any]:
        """All of it that can be told to a process that was forked before; the notes it has."""
        return {name: value for name, value in vars(self).items() if name != "notes"}


def declared_caps(root: str) -> dict[str, Any]:
    """Those in the image, which hold where the gateway says nothing else."""
    try:
        caps: dict[str, Any] = read_manifest(root).get("caps", {})
    except (OSError, ValueError):
        return {}  # the workers say it better
    return caps
