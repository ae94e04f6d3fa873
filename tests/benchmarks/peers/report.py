"""The results as JSON, as a table and as pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NOTE = """# Against its peers

Written by `make bench-peers`: the same three functions (`echo`; `numpy.quantile` of 1,000 numbers;
`pandas.DataFrame.describe` of 1,000 rows) behind each server, in a container of its own with 512 MB and
one CPU (two for two workers), one after the other in the same run, under load from the same machine.
Peers listen on the host's loopback, so that no proxy of the engine costs them anything. Our calls are
authorised, checked against the function's schema, recorded, and can be ended at their deadline. p50 and
p99 are of one connection, calls a second of sixteen; of several turns the middle one counts.
"""


def write_report(document: dict[str, Any], folder: Path) -> None:
    """Write ``peers.json``, ``peers.md`` and a picture for each function into ``folder``; print the table."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "peers.json").write_text(json.dumps(document, indent=1) + "\n")
    functions = list(dict.fromkeys(row["function"] for row in document["results"][0]["measured"]))
    parts = [NOTE, f"{document['machine']}, {document['cores']} cores, Python {document['python']}.\n"]
    for function in functions:
        table = "\n".join(_table(document, function))
        print(f"\n{table}")  # noqa: T201
        picture = f"peers-{function}.svg"
        _draw(document, function, folder / picture)
        parts.append(f"## {function}\n\n{table}\n\n![Calls a second]({picture})\n")
    (folder / "peers.md").write_text("\n".join(parts))


def _table(document: dict[str, Any], function: str) -> Iterator[str]:
    yield f"| {function} | p50 | p99 | calls a second | first answer |"
    yield "| --- | --- | --- | --- | --- |"
    for result in document["results"]:
        one, many = (_row(result, function, connections) for connections in (1, 16))
        if one is None:
            continue
        rate = (many or one)["per_second"]
        first = result["first_answer_seconds"]
        versions = ", ".join(result.get("versions", ()))
        name = f"{result['name']} ({versions})" if versions else result["name"]
        first_text = f"{first:.2f} s" if first is not None else "none"
        yield f"| {name} | {one['p50_ms']:.2f} ms | {one['p99_ms']:.2f} ms | {_rate(rate)} | {first_text} |"


def _rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.2f}"


def _row(result: dict[str, Any], function: str, connections: int) -> dict[str, Any] | None:
    rows = result["measured"]
    return next((r for r in rows if (r["function"], r["connections"]) == (function, connections)), None)


def _draw(document: dict[str, Any], function: str, path: Path) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    mpl.rcParams["svg.hashsalt"] = "peers"
    names, rates = [], []
    for result in document["results"]:
        row = _row(result, function, 16) or _row(result, function, 1)
        if row is not None:
            names.append(result["name"])
            rates.append(row["per_second"])
    figure = Figure(figsize=(8, 0.5 * len(names) + 1), layout="tight")
    axes = figure.subplots()
    colours = ["#1976d2" if index == 0 else "#9e9e9e" for index in range(len(names))]
    bars = axes.barh(names, rates, color=colours)
    axes.bar_label(bars, labels=[_rate(rate) for rate in rates], padding=3)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(f"{function}: calls a second over 16 connections (papermill: one after the other)")
    figure.savefig(path, metadata={"Date": None})
