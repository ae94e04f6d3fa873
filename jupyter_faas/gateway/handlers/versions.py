"""Versions and aliases of a function, ``/api/v1/functions/{name}/…`` (ARCHITECTURE.md lists the routes)."""

from __future__ import annotations

from typing import Any, Final

from jupyter_faas.gateway.handlers.base import FaasHandler
from jupyter_faas.gateway.handlers.management import PublishHandler, describe
from jupyter_faas.model.errors import MalformedRequest

__all__ = [
    "AliasHandler",
    "AliasesHandler",
    "ChangesHandler",
    "DeletionHandler",
    "DiskHandler",
    "PruneHandler",
    "RollbackHandler",
    "SelectedHandler",
    "VersionHandler",
    "VersionsHandler",
]

MAX_AUTHOR_CHARACTERS: Final = 200
MAX_NUMBER: Final = 10**9


class SelectedHandler(FaasHandler):
    """A function as one of its versions: ``name@7``, ``name@prod``."""

    async def get(self, name: str, selector: str) -> None:
        """Describe it; of an alias that shares its calls out, the version with the largest share."""
        described = describe(self, await self.service.resolve(name, selector))
        self.send_json({**described, "url": f"{described['url']}@{selector}"})


class DeletionHandler(FaasHandler):
    """What deleting a function would take away; its own route, which no older gateway takes for the deed."""

    async def get(self, name: str) -> None:
        """Count it."""
        self.send_json({"function": name, **await self.service.versions.content(name)})


class VersionsHandler(PublishHandler):
    """A function's versions, and its publishes."""

    async def get(self, name: str) -> None:
        """The newest ones; ``below`` is the number to go on from."""
        below = self.number("below", MAX_NUMBER)
        self.send_json(await self.service.versions.page(name, below, self.limit(50)))

    def number(self, parameter: str, default: int) -> int:
        """A version's number in the query; raises ``MalformedRequest``."""
        return number_in(self.get_query_argument(parameter, str(default)), parameter)


class VersionHandler(FaasHandler):
    """One version."""

    async def get(self, name: str, number: str) -> None:
        """Describe it."""
        self.send_json(await self.service.versions.describe(name, number_in(number, "version")))

    async def delete(self, name: str, number: str) -> None:
        """Remove it, if no alias leads to it."""
        self.send_json(await self.service.versions.delete(name, number_in(number, "version")))


class ChangesHandler(FaasHandler):
    """What is new in a version."""

    async def get(self, name: str, number: str) -> None:
        """Compare it with the version ``since``, or with the one that was the latest before it."""
        given = self.get_query_argument("since", None)
        since = None if given is None else number_in(given, "since")
        self.send_json(await self.service.differences.between(name, number_in(number, "version"), since))


class PruneHandler(FaasHandler):
    """The collection of old versions and of what nothing needs."""

    async def get(self) -> None:
        """What would go now, and how much that is."""
        self.send_json(await self.service.retention.prune(dry_run=True))

    async def post(self) -> None:
        """Collect."""
        self.send_json(await self.service.retention.prune(dry_run=False))


class DiskHandler(FaasHandler):
    """What the gateway takes on disks."""

    async def get(self) -> None:
        """Bytes, by what they are for."""
        self.send_json(await self.service.disk.usage())


class AliasesHandler(FaasHandler):
    """Where a function's aliases lead."""

    async def get(self, name: str) -> None:
        """All of them, and the last times that one was moved."""
        self.send_json(await self.service.aliases.describe(name, self.limit(50)))


class AliasHandler(FaasHandler):
    """One alias."""

    async def put(self, name: str, alias: str) -> None:
        """Have it lead to the versions of the body."""
        body = self.read_json()
        given = body.get("versions")
        if not isinstance(given, dict) or not given:
            raise MalformedRequest(
                'The body has no "versions" with the share of each in percent: {"7": 90, "8": 10}.'
            )
        shares = {number_in(number, '"versions"'): _share(share) for number, share in given.items()}
        self.send_json(await self.service.aliases.put(name, alias, shares, _author(body.get("author"))))

    async def delete(self, name: str, alias: str) -> None:
        """Forget it."""
        author = _author(self.get_query_argument("author", ""))
        self.send_json(await self.service.aliases.remove(name, alias, author))


class RollbackHandler(FaasHandler):
    """Moves ``latest`` back."""

    async def post(self, name: str) -> None:
        """To the version that last served well, or to that of the body."""
        body = self.read_json()
        to, seen = (
            None if body.get(key) is None else number_in(body[key], f'"{key}"') for key in ("to", "from")
        )
        moved = await self.service.aliases.roll_back(name, to, seen, _author(body.get("author")))
        self.send_json(moved)


def number_in(value: Any, where: str) -> int:
    """A version's number; raises ``MalformedRequest``."""
    if isinstance(value, float) and value.is_integer():  # for JSON, 7.0 is a whole number, too
        value = int(value)
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:10]) <= MAX_NUMBER and len(text) <= 10):
        raise MalformedRequest(f"{where}: {str(value)[:20]!r} is not the number of a version, such as 7.")
    return int(text)


def _share(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedRequest(f"A share is a whole number of percent, such as 90, not {str(value)[:20]!r}.")
    return value


def _author(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > MAX_AUTHOR_CHARACTERS:
        raise MalformedRequest(f'"author" is not a text of at most {MAX_AUTHOR_CHARACTERS} characters.')
    return value
