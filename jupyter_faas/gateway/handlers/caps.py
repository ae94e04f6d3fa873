"""The part of the management API that is about caps: what is used of them, and how to change them."""

from __future__ import annotations

from pydantic import ValidationError

from jupyter_faas.gateway.handlers.base import FaasHandler
from jupyter_faas.gateway.handlers.site import caller_in
from jupyter_faas.model.cap_options import CAP_CHOICES, CAP_OPTIONS
from jupyter_faas.model.caps import Caps
from jupyter_faas.model.errors import Conflict, MalformedRequest

__all__ = ["CapsHandler"]


class CapsHandler(FaasHandler):
    """A function's caps."""

    async def get(self, name: str) -> None:
        """The caps, what calls really used, and what would fit."""
        self.send_json(await self.service.history.advice(name))

    async def patch(self, name: str) -> None:
        """Make a new version with other caps, of the same image."""
        present = self.service.catalogue.latest(name).manifest.caps
        body = self.read_json()
        if not body:
            known = ", ".join([*(option.field for option in CAP_OPTIONS.values()), *CAP_CHOICES])
            raise MalformedRequest(f"The body names no cap. There are: {known}.")
        for field, value in body.items():
            if isinstance(value, bool) or isinstance(value, str) != (field in CAP_CHOICES):
                raise MalformedRequest(f"{field[:40]}: {value!r:.40} is of the wrong type.")
        try:
            caps = Caps.model_validate({**present.model_dump(), **body})
        except ValidationError as error:
            if not any(fault["loc"] for fault in error.errors()):  # each could be, but not together
                raise Conflict(str(error.errors()[0]["ctx"]["error"])) from None
            faults = "; ".join(
                f"{'.'.join(map(str, fault['loc'])) or 'caps'}: {fault['msg']}" for fault in error.errors()
            )
            raise MalformedRequest(f"These can't be caps: {faults}.") from None
        author = caller_in(self.request.headers.get("Faas-Caller"))
        state, publication = await self.service.publisher.revise(name, caps, author)
        url = f"{self.site.url}/functions/{name}"
        self.send_json({"state": state, "publication": {**publication, "url": url}})
