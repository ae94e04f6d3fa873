"""What kernel and gateway both ask of a requirement."""

from __future__ import annotations

import re

from packaging.requirements import Requirement

__all__ = ["is_pinned"]

_COMMIT = re.compile(r"@[0-9a-f]{40,64}$")


def is_pinned(requirement: Requirement) -> bool:
    """Whether it means one version only: ``==`` without a wildcard, a URL, or a commit of a repository."""
    if requirement.url is not None:
        url = requirement.url.partition("#")[0]
        return not url.startswith(("git+", "hg+", "svn+", "bzr+")) or _COMMIT.search(url) is not None
    return any(one.operator in ("==", "===") and "*" not in one.version for one in requirement.specifier)
