"""Running a recorded call again."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_faas.client.answers import Response
from jupyter_faas.client.files import File
from jupyter_faas.client.jsonvalues import json_of
from jupyter_faas.client.requests import Body, form_of
from jupyter_faas.client.results import real_result
from jupyter_faas.client.typed import typed
from jupyter_faas.model.errors import InvalidInput

__all__ = ["Recorded"]


@dataclass(frozen=True)
class Recorded:
    """What a call was given and gave, as the API tells it."""

    told: Mapping[str, Any]

    @property
    def function(self) -> str:
        """The function's name."""
        return str(self.told["function"])

    @property
    def version(self) -> int:
        """The version that was called."""
        return int(self.told["version"])

    def arguments(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON arguments, with ``changes`` in their places.

        Raises ``InvalidInput`` if there is no input, or something was taken out of an argument that isn't
        among the changes.
        """
        if self.told["left_out"]:
            raise InvalidInput(f"Invocation {self.told['id']} can't be run again: {self.told['left_out']}")
        missing = [path for path in self.told["redacted"] if _argument(path) not in changes]
        if missing:
            first = _argument(missing[0])
            raise InvalidInput(
                f"{', '.join(missing)} of invocation {self.told['id']} was redacted before it was kept. Give "
                f"the value: replay {self.told['id']} {first}=…",
                redacted=missing,
            )
        return {**self.told["input"], **changes}

    def body(self, changes: Mapping[str, Any]) -> Body:
        """The body of a call that gives the same, with ``changes``; raises as ``arguments`` does."""
        arguments = self.arguments(changes)
        files = {
            file["name"]: File(
                file["media_type"], file["filename"] or "data", base64.b64decode(file["content"])
            )
            for file in self.told["files"]
            if file["name"] not in changes
        }
        return form_of(arguments, files) if files else Body(json_of(arguments), "application/json")

    def values(self, changes: Mapping[str, Any], schema: Mapping[str, Any], url: str) -> dict[str, Any]:
        """The arguments as the types that the function's ``schema`` says; raises as ``arguments`` does."""
        properties = schema.get("properties", {})
        values = {
            name: typed(value, properties.get(name, {}), schema)
            for name, value in self.arguments(changes).items()
        }
        for file in self.told["files"]:
            if file["name"] not in changes:
                answer = Response(200, file["media_type"], _content(file))
                values[file["name"]] = real_result(answer, properties.get(file["name"]), url)
        return values

    @property
    def form(self) -> str:
        """What to accept in order to get the same form again."""
        output = self.told["output"]
        return "*/*" if output is None else f"{output['content_type']}, */*;q=0.1"

    def gave(self, answer: Response) -> bool | None:
        """Whether this is what the recorded call gave; None if that isn't known."""
        output = self.told["output"]
        if output is None or output.get("left_out") or output["redacted"]:
            return None
        if "json" in output:
            return answer.is_json and json.loads(answer.body) == output["json"]
        return base64.b64decode(output["content"]) == answer.body


def _content(file: Mapping[str, Any]) -> bytes:
    return base64.b64decode(file["content"])


def _argument(path: str) -> str:
    """The name that a path begins with."""
    return path.partition(".")[0].partition("[")[0]
