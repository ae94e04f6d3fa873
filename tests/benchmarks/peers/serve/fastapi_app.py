"""FastAPI, as its tutorial has it: ``uvicorn fastapi_app:app``."""

from __future__ import annotations

from typing import Any

import functions
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Echo(BaseModel):
    """The echo's arguments."""

    x: Any


class Values(BaseModel):
    """The quantile's arguments."""

    values: list[float]


class Rows(BaseModel):
    """The table's rows."""

    rows: list[dict[str, float]]


@app.post("/echo")
def echo(body: Echo) -> dict[str, Any]:
    """Echo."""
    return functions.echo(body.x)


@app.post("/quantile")
def quantile(body: Values) -> dict[str, float]:
    """Quantile."""
    return functions.quantile(body.values)


@app.post("/describe")
def describe(body: Rows) -> dict[str, Any]:
    """Statistics of a table."""
    return functions.describe(body.rows)
