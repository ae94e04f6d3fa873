"""The functions that every peer serves; ours are published from this very source."""

from __future__ import annotations

from typing import Any


def echo(x: Any) -> dict[str, Any]:
    """What costs nothing."""
    return {"x": x}


def quantile(values: list[float]) -> dict[str, float]:
    """A thousand numbers in, one out."""
    import numpy as np

    return {"quantile": float(np.quantile(values, 0.5))}


def describe(rows: list[dict[str, float]]) -> dict[str, Any]:
    """A thousand rows in, a table of statistics out."""
    import pandas as pd

    described: dict[str, Any] = pd.DataFrame(rows).describe().to_dict()
    return described
