"""functions-framework serves one function a process: the path says which of them this one runs."""

from __future__ import annotations

from typing import Any

import flask
import functions


def call(request: flask.Request) -> Any:
    """The function that the path names."""
    return getattr(functions, request.path.strip("/"))(**request.get_json())
