"""Runs in a build container: makes a wheel of a source archive (PEP 517), or says what that needs first.

Standard library, and ``build``, which lies beside it. Arguments: archive, folder in it, output folder.
Status 4: packages are missing to build with; ``missing.json`` in the output folder has their requirements.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from build import BuildBackendException, BuildException, ProjectBuilder, check_dependency

MISSING = 4


def main(archive: str, subdirectory: str, output: str) -> int:
    """Build; the exit status."""
    work = Path(tempfile.mkdtemp())
    shutil.unpack_archive(archive, work)
    (unpacked,) = work.iterdir()
    try:
        return _build(ProjectBuilder(unpacked / subdirectory), output)
    except (BuildException, BuildBackendException) as error:  # the backend has printed why
        print(error, file=sys.stderr)  # noqa: T201
        return 1


def _build(project: ProjectBuilder, output: str) -> int:
    missing = [text for text in project.build_system_requires if any(check_dependency(text))]
    missing = missing or [chain[0] for chain in project.check_dependencies("wheel")]
    if missing:
        Path(output, "missing.json").write_text(json.dumps(sorted(set(missing))))
        return MISSING
    project.build("wheel", output)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
