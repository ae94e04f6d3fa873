"""The entrypoint of an image: ``python3 -I <root>/start.py``.

This file is copied next to ``faas_runtime/`` (the rest of this package), ``packages/`` and ``function/``,
and finds all of them from its own place, so that the same tree runs from any folder.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module


def main() -> int:
    """Run the supervisor of the tree that this file lies in; its exit status."""
    root = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, root)
    supervisor = import_module("faas_runtime.supervisor")
    sys.path.remove(root)  # relative imports don't need it, and user code shall not find our folders
    return int(supervisor.main(root))


if __name__ == "__main__":
    sys.exit(main())
