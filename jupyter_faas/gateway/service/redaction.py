"""Takes named fields out of JSON values."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

__all__ = ["REDACTED", "redact"]

REDACTED: Final = "[redacted]"


def redact(value: Any, names: Collection[str]) -> list[str]:
    """Replace, in place, what is called as in ``names`` at any depth, in capitals or not; the paths of it.

    Paths are written ``user.password`` and ``users[0].password``.
    """
    wanted = {name.casefold() for name in names}
    if not wanted:
        return []
    paths: list[str] = []
    left: list[tuple[str, Any]] = [("", value)]
    while left:  # not by recursion: what callers send may be nested deeper than Python's stack
        path, container = left.pop()
        for key, item in _items(container):
            at = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}" if path else key
            if isinstance(key, str) and key.casefold() in wanted:
                container[key] = REDACTED
                paths.append(at)
            elif isinstance(item, dict | list):
                left.append((at, item))
    return sorted(paths)


def _items(container: Any) -> list[tuple[Any, Any]]:
    if isinstance(container, dict):
        return list(container.items())
    return list(enumerate(container)) if isinstance(container, list) else []
