"""Client and gateway of different versions: what to do where they don't understand each other.

A gateway takes what older kernels publish. Of a newer kernel it may meet members of a manifest that it
doesn't know, and refuses those: it never leaves them out. It outlives kernels, so that this happens
after an upgrade.
"""

from __future__ import annotations

import re

from jupyter_faas.model.errors import Conflict, FaasError
from jupyter_faas.version import VERSION

__all__ = ["explained"]


def explained(error: FaasError, gateway_version: str, url: str) -> FaasError:
    """``error``, with which a gateway of that version refused what we publish; or why, if versions differ."""
    if gateway_version == VERSION:
        return error
    advice = (
        "Restart it: `jupyter faas stop`, then publish again, which starts one of this version. Its "
        "functions stay. If somebody else runs it, ask them to upgrade it"
        if _numbers(gateway_version) < _numbers(VERSION)
        else "Upgrade here (pip install --upgrade jupyter-faas) and restart the kernel"
    )
    return Conflict(
        f"The gateway at {url} is version {gateway_version} and this is version {VERSION}: it can't read "
        f"what is published from here. {advice}. It said: {error.detail}",
        gateway_version=gateway_version,
        client_version=VERSION,
    )


def _numbers(version: str) -> list[int]:
    """What orders versions well enough: their numbers."""
    return [int(number) for number in re.findall(r"\d+", version.partition("+")[0])]
