"""``%%publish`` in IPython in a terminal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SESSION = """\
def helper(x):
    return x + K

K = 3
%load_ext jupyter_faas
%%publish --dry-run
def f(x: int):
    return helper(x)


print("goes on", f(1))
"""


def test_dry_run_in_a_terminal(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "IPython", "--simple-prompt", "--colors=NoColor", "--no-banner"]
    environment = {
        "IPYTHONDIR": str(tmp_path),
        "HOME": str(tmp_path),
        "PATH": "/usr/bin:/bin",
        "TERM": "dumb",
    }
    done = subprocess.run(
        command, input=SESSION, capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    said = done.stdout
    assert "✓ capture" in said, said + done.stderr
    assert "helper  function, cell In[1], line 1" in said
    assert "f  entry, cell In[4], line 2" in said
    assert "K  constant, 3" in said
    assert "f would be published (--dry-run)." in said
    assert "goes on 4" in said
