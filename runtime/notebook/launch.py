"""The process of a Python kernel: ``python3 -I launch.py MODULE,MODULE -f CONNECTION_FILE``.

It finds the function's modules and packages as a worker does, and takes the magics that speak of installing
and publishing for what they are here: done. It imports the modules before it takes code, so that no call has
to wait for them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main() -> None:
    """Run the kernel until it is ended."""
    sys.path[0:0] = [ROOT]
    loading = import_module("faas_runtime.loading")
    facade = import_module("faas_runtime.facade")
    authoring = import_module("faas_runtime.notebook.authoring")
    sys.path.remove(ROOT)
    loading.prepare_path(ROOT)
    module = facade.install()
    from ipykernel.kernelapp import IPKernelApp

    application: Any = IPKernelApp.instance()
    early, *arguments = sys.argv[1:]
    application.initialize([*arguments, "--HistoryManager.hist_file=:memory:"])
    authoring.arrange(application.shell, module)
    for name in filter(None, early.split(",")):
        with contextlib.suppress(Exception, SystemExit):  # the cell that imports it will tell
            import_module(name)
    application.start()


if __name__ == "__main__":
    main()
