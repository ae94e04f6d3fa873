"""The part of the management API that is about versions and aliases, as methods."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any
from urllib.parse import quote

from jupyter_faas.model.aliases import LATEST, Shares, parse_shares
from jupyter_faas.model.errors import NotFound
from jupyter_faas.model.user import current_user

__all__ = ["VersionsApi"]


class VersionsApi:
    """Versions and aliases of functions; every method raises what the gateway raised."""

    @abstractmethod
    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        """The decoded answer of the gateway."""

    def versions(self, name: str, limit: int = 50, below: int | None = None) -> dict[str, Any]:
        """The newest ``limit`` versions of a function, and as ``next`` what is ``below`` for those before."""
        start = "" if below is None else f"&below={below}"
        return self._object("GET", f"{_path(name)}/versions?limit={limit}{start}")

    def version(self, name: str, number: int) -> dict[str, Any]:
        """One version."""
        return self._object("GET", f"{_path(name)}/versions/{number}")

    def changes(self, name: str, number: int, since: int | None = None) -> dict[str, Any]:
        """What is new in a version since another one, or since the one that was the latest before it."""
        query = "" if since is None else f"?since={since}"
        return self._object("GET", f"{_path(name)}/versions/{number}/changes{query}")

    def deletion(self, name: str) -> dict[str, Any]:
        """What deleting a function would take away."""
        return self._object("GET", f"{_path(name)}/deletion")

    def delete_version(self, name: str, number: int) -> dict[str, Any]:
        """Delete one version, which no alias may lead to."""
        return self._object("DELETE", f"{_path(name)}/versions/{number}")

    def prune(self, dry_run: bool = False) -> dict[str, Any]:
        """Collect old versions, and the images and bundles that nothing needs; or only say what would go."""
        return self._object("GET" if dry_run else "POST", "/api/v1/prune", None if dry_run else {})

    def disk(self) -> dict[str, Any]:
        """What the gateway takes on disks, in bytes."""
        return self._object("GET", "/api/v1/disk")

    def aliases(self, name: str, limit: int = 50) -> dict[str, Any]:
        """Where the aliases of a function lead, and their last ``limit`` moves, newest first."""
        return self._object("GET", f"{_path(name)}/aliases?limit={limit}")

    def set_alias(self, name: str, alias: str, target: str) -> dict[str, Any]:
        """Have an alias lead to ``target``: a version, ``7``, several, ``7:90,8:10``, or where another alias
        leads now, ``latest``."""
        shares = self._shares(name, target)
        versions = {str(number): share for number, share in shares.items()}
        body = {"versions": versions, "author": current_user()}
        return self._object("PUT", f"{_path(name)}/aliases/{quote(alias, safe='')}", body)

    def remove_alias(self, name: str, alias: str) -> dict[str, Any]:
        """Forget an alias."""
        author = quote(current_user() or "", safe="")
        return self._object("DELETE", f"{_path(name)}/aliases/{quote(alias, safe='')}?author={author}")

    def roll_back(self, name: str, to: int | None = None) -> dict[str, Any]:
        """Move ``latest`` back to the version that last served well, or to version ``to``.

        Raises ``Conflict`` if there is none, or somebody else has moved it meanwhile.
        """
        seen = next(iter(self.aliases(name, limit=1)["aliases"][LATEST]))
        body = {"to": to, "from": int(seen), "author": current_user()}
        return self._object("POST", f"{_path(name)}/rollback", body)

    def _shares(self, name: str, target: str) -> Shares:
        if not target[:1].isalpha():
            return parse_shares(target)
        there = self.aliases(name, limit=1)["aliases"]
        if target not in there:
            raise NotFound(f"{name!r} has no alias {target!r}. Its aliases are {', '.join(there)}.")
        return {int(number): share for number, share in there[target].items()}

    def _object(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        content = None if body is None else json.dumps(body).encode()
        answer: dict[str, Any] = self._ask(method, path, content)
        return answer


def _path(name: str) -> str:
    return f"/api/v1/functions/{quote(name, safe='')}"
