"""What a receipt warns of: things that work, but perhaps not as the author thinks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Final

from jupyter_faas.kernel.constants import Constant
from jupyter_faas.kernel.mutations import mutations
from jupyter_faas.kernel.requirements import Packages
from jupyter_faas.kernel.slice import Slice
from jupyter_faas.model.caps import Caps

__all__ = ["doubts_about", "is_secret", "network_warning"]

_NETWORK_MODULES: Final = frozenset(
    {
        "aiohttp",
        "boto3",
        "botocore",
        "ftplib",
        "http.client",
        "httpx",
        "imaplib",
        "paramiko",
        "poplib",
        "psycopg",
        "psycopg2",
        "pymongo",
        "pymysql",
        "redis",
        "requests",
        "smtplib",
        "socket",
        "telnetlib",
        "urllib.request",
        "urllib3",
        "websockets",
        "xmlrpc.client",
    }
)
# Builtins that find names which no reader of the code sees.
_DYNAMIC: Final = frozenset({"eval", "exec", "globals", "vars"})
_SECRET: Final = re.compile(
    r"(^|_)(password|passwd|pwd|secret|token|api_?key|access_key|private_key|credentials?)$", re.IGNORECASE
)


def doubts_about(found: Slice, packages: Packages, caps: Caps) -> Iterator[str]:
    """The warnings about ``found``, one sentence each."""
    yield from _code_warnings(found, packages, caps)
    yield from _data_warnings(found)
    for name in sorted(found.constants):
        if is_secret(found.constants[name]):
            yield (
                f"{name} goes into the image as text, for everyone who has the image: read it from "
                f"os.environ inside the function, and give it with --env {name}."
            )


def is_secret(constant: Constant) -> bool:
    """Whether ``constant`` is a text that its name calls a secret."""
    text = constant.expression
    return _SECRET.search(constant.name) is not None and text[:1] in "'\"b" and len(text) > len("b''")


def _data_warnings(found: Slice) -> Iterator[str]:
    mutable = found.values.keys() | {name for name, one in found.constants.items() if one.mutable}
    for definition in found.definitions.values():
        yield from definition.doubts
        changed: dict[str, set[str]] = {}
        if definition.kind not in ("value", "recomputed"):
            for name, how in mutations(definition.statement, mutable & definition.uses.later):
                changed.setdefault(name, set()).add(how)
        for name in sorted(changed):
            yield (
                f"{definition.name} changes {name} ({', '.join(sorted(changed[name]))}) when it is called: "
                "each process of it has a copy of its own, so that calls don't all see the change."
            )
        for node in ast.walk(definition.statement) if definition.kind == "closure" else ():
            for name in node.names if isinstance(node, ast.Nonlocal) else ():
                if f"{definition.name}__{name}__cell" in definition.around:
                    yield (
                        f"{definition.name} changes its {name} (nonlocal) when it is called: each process of "
                        "it has a copy of its own, so that calls don't all see the change."
                    )
    for source in found.sources.values():
        if source.changed:
            yield (
                f"{source.path} differs from what this kernel has imported of {source.module}: the file is "
                "published. Restart the kernel to see what it does."
            )


def _code_warnings(found: Slice, packages: Packages, caps: Caps) -> Iterator[str]:
    for definition in found.definitions.values():
        for name in sorted(definition.uses.writes):
            yield (
                f"{definition.name} assigns the global {name} when it is called: each process of it "
                "has a copy of its own, which ends with it."
            )
        for name in sorted(_DYNAMIC & definition.uses.needed - found.definitions.keys()):
            yield (
                f"{definition.name} uses {name}(): names that stand in a text only aren't seen, and aren't "
                "carried."
            )
    yield from network_warning(found.origins, caps)
    yield from (package.warning for package in packages.direct if package.warning is not None)
    yield from packages.warnings


def network_warning(modules: Iterable[str], caps: Caps) -> Iterator[str]:
    """A warning if ``modules`` use the network and the function has none."""
    used = sorted(module for module in modules if _reaches_out(module))
    if used and caps.network == "none":
        yield f"{', '.join(used)} is imported but the network is none: add --network egress to reach out."


def _reaches_out(module: str) -> bool:
    parts = module.split(".")
    return any(".".join(parts[:length]) in _NETWORK_MODULES for length in range(1, len(parts) + 1))
