"""Every kind of result in every form, by ``Accept`` with its weights, and back through each way to call: the
Python client, ``%faas invoke`` in a real kernel, curl.
"""

from __future__ import annotations

import io
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from PIL import Image

from tests.integration.data import functions
from tests.support.documents import shell
from tests.support.gateway import Answer, Gateway
from tests.support.notebook import execute, notebook_of
from tests.support.published import publish

pytestmark = pytest.mark.docker

JSON, CSV, HTML, NPY = "application/json", "text/csv", "text/html", "application/x-npy"
ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"
PNG, JPEG, WEBP, TIFF, SVG = "image/png", "image/jpeg", "image/webp", "image/tiff", "image/svg+xml"
PLOTLY, NDJSON, SSE = "application/vnd.plotly.v1+json", "application/x-ndjson", "text/event-stream"
TABLE = [JSON, CSV, ARROW, PARQUET]
FORMS = {
    "frame": [*TABLE, HTML],
    "series": TABLE,
    "arrow": TABLE,
    "polars": [*TABLE, HTML],
    "polars series": TABLE,
    "array": [JSON, NPY],
    "figure": [PNG, SVG],
    "plotly": [HTML, JSON, PLOTLY],
    "picture": [PNG, JPEG, WEBP, TIFF],
    "deep": [TIFF],
    "text": [JSON, "text/plain"],
    "bytes": ["application/octet-stream", JSON],
    "dict": [JSON],
    "shown": [HTML, SVG],
    "response": [*TABLE, HTML],
    "stream": [NDJSON, SSE, JSON],
}
"""What there is of each kind, the default first."""
FRAME = pd.DataFrame(functions.FRAME)


@pytest.fixture(scope="module", autouse=True)
def published(gateway: Gateway, packages: list[str]) -> None:
    publish(gateway, functions.give, requirements=packages)
    publish(gateway, functions.picture, requirements=packages)


def give(gateway: Gateway, kind: str, accept: str = "") -> Answer:
    return gateway.request("POST", "/functions/give", json.dumps({"kind": kind}).encode(), {"Accept": accept})


def essence(answer: Answer) -> str:
    return answer.headers["content-type"].partition(";")[0]


@pytest.mark.parametrize("kind", FORMS)
def test_each_form_is_had_by_its_name_and_by_its_weight(gateway: Gateway, kind: str) -> None:
    forms = FORMS[kind]
    assert essence(give(gateway, kind)) == forms[0]
    for form in forms:
        answer = give(gateway, kind, form)
        assert (answer.status, essence(answer)) == (201 if kind == "response" else 200, form), answer.body
        READ[form](answer.body, kind)
        others = [f"{other};q=0.3" for other in forms if other != form]
        assert essence(give(gateway, kind, ", ".join([*others, f"{form};q=0.7", "*/*;q=0.1"]))) == form
    without = ", ".join(f"{form};q=0" for form in forms)
    assert give(gateway, kind, f"*/*, {without}").code == "not-acceptable"


@pytest.mark.parametrize("kind", FORMS)
def test_what_there_is_not_is_told_with_what_there_is(gateway: Gateway, kind: str) -> None:
    answer = give(gateway, kind, "audio/ogg, application/pdf;q=0.5")
    assert (answer.status, answer.code) == (406, "not-acceptable")
    assert answer.json["available"] == FORMS[kind]
    assert all(form in answer.json["detail"] for form in FORMS[kind])


def test_nothing_is_204_in_any_form(gateway: Gateway) -> None:
    for accept in ("", CSV, "image/png", "*/*"):
        assert give(gateway, "none", accept).status == 204
    assert give(gateway, "none", JSON).body == b"null"


def test_a_response_keeps_its_status_and_headers_in_each_form(gateway: Gateway) -> None:
    for form in FORMS["response"]:
        answer = give(gateway, "response", form)
        assert (answer.status, answer.headers["x-rows"]) == (201, "3")


# Through the Python client, in a notebook, and by curl


def test_the_client_gives_what_the_function_gave(gateway: Gateway) -> None:
    with gateway.client as client:
        of = client["give"]
        pd.testing.assert_frame_equal(of("frame"), FRAME)
        pd.testing.assert_series_equal(of("series"), pd.Series([1.5, None], name="x"))
        assert of("arrow").equals(pa.table(functions.FRAME))
        assert of("polars").equals(pl.DataFrame(functions.FRAME))
        array = of("array")
        assert (array.dtype, array.shape) == (np.int16, (2, 3))
        assert of("figure").size == (100, 50)
        assert of("plotly").data[0].y == (1, 3, 2)
        assert (of("picture").mode, of("picture").size) == ("RGB", (functions.PIXELS,) * 2)
        deep = of("deep")
        assert (deep.mode, deep.getpixel((0, 0))) == ("F", 0.5)
        assert (of("text"), of("bytes"), of("dict"), of("none")) == (
            "grüße",
            b"\x00\xff",
            {"a": [1, None]},
            None,
        )
        assert list(client.stream("give", {"kind": "stream"})) == functions.FRAME["s"]
        thumbnail = client["picture"](Image.new("F", (16, 16), 0.25), size=3)
        assert (thumbnail.mode, thumbnail.size, thumbnail.getpixel((0, 0))) == ("F", (3, 3), 0.25)


def test_a_notebook_shows_what_the_function_gave(gateway: Gateway, tmp_path: Path) -> None:
    kinds = ["frame", "array", "figure", "plotly", "picture", "shown", "text", "dict", "stream"]
    kept = "got = %faas invoke give kind=frame\nprint(type(got).__name__, got.dtypes.tolist(), got.shape)"
    sized = "small = %faas invoke give kind=figure\nprint(small.size, small.format)"
    cells = [*(f"%faas invoke give kind={kind}" for kind in kinds), kept, sized]
    notebook = execute(notebook_of(cells), gateway, tmp_path)
    shown = [cell.outputs[0] for cell in notebook.cells[1:]]
    data: dict[str, Any] = {kind: shown[at].data for at, kind in enumerate(kinds)}
    assert "<table" in data["frame"][HTML]
    assert "dtype=int16" in data["array"]["text/plain"]
    for kind, size in (("figure", (100, 50)), ("picture", (functions.PIXELS,) * 2)):
        assert Image.open(io.BytesIO(b64decode(data[kind][PNG]))).size == size
    assert data["plotly"][PLOTLY]["data"][0]["type"] == "scatter"
    assert data["shown"][HTML] == "<b>shown</b>"
    assert (data["text"]["text/plain"], data["dict"]["text/plain"]) == ("'grüße'", "{'a': [1, None]}")
    assert data["stream"]["text/plain"] == str(functions.FRAME["s"])
    assert shown[-2].text.startswith("DataFrame [")
    assert "(3, 3)" in shown[-2].text
    assert shown[-1].text == "(100, 50) PNG\n"


def test_curl_gets_files_of_every_kind(gateway: Gateway, tmp_path: Path) -> None:
    call = 'curl -f "$FAAS_GATEWAY/functions/give" -H "Authorization: Bearer $FAAS_TOKEN"'
    wanted = [("frame", PARQUET), ("frame", CSV), ("array", NPY), ("figure", SVG), ("picture", WEBP)]
    calls = [
        f"{call} -d '{json.dumps({'kind': kind})}' -H 'Accept: {form}' -o file{at}"
        for at, (kind, form) in enumerate(wanted)
    ]
    sent = f"{call} -F picture=@file4 -F size=3 -o small".replace("give", "picture")
    shell(gateway, " && ".join(['eval "$(jupyter faas env)"', *calls, sent]), tmp_path)
    assert Image.open(tmp_path / "small").size == (3, 3)
    for at, (kind, form) in enumerate(wanted):
        READ[form]((tmp_path / f"file{at}").read_bytes(), kind)


# How each form is read back


def read_json(body: bytes, kind: str) -> None:
    value = json.loads(body)
    if kind in ("frame", "polars", "arrow", "response"):
        assert value[1] == {"n": 2, "x": None, "s": "ü"}
    elif kind == "array":
        assert value == [[0, 1, 2], [3, 4, 5]]
    elif kind == "plotly":
        assert value["data"][0]["type"] == "scatter"
    else:
        expected = {"series": [1.5, None], "polars series": [1, 2], "text": "grüße", "bytes": "AP8="}
        expected |= {"dict": {"a": [1, None]}, "stream": functions.FRAME["s"]}
        assert value == expected[kind]


def read_table(table: pd.DataFrame, kind: str) -> None:
    if kind in ("series", "polars series"):
        assert table.shape == (2, 1)
    else:
        assert table["n"].tolist() == [1, 2, 3]
        assert table["s"].tolist()[:2] == ["a", "ü"]


def read_picture(body: bytes, kind: str) -> None:
    image = Image.open(io.BytesIO(body))
    assert image.size == ((100, 50) if kind == "figure" else (functions.PIXELS,) * 2)
    if kind == "picture":
        assert image.convert("RGB").getpixel((4, 4)) == pytest.approx((254, 0, 0), abs=3)


def read_text(body: bytes, kind: str) -> None:
    words = {
        "frame": "<table",
        "polars": "<table",
        "response": "<table",
        "shown": "shown",
        "plotly": "plotly",
    }
    words |= {"text": "grüße", "figure": "</svg>"}
    assert words[kind] in body.decode()


def read_svg(body: bytes, kind: str) -> None:
    assert (b"<svg/>" if kind == "shown" else b"</svg>") in body


def read_lines(body: bytes, _kind: str) -> None:
    assert [json.loads(line) for line in body.splitlines()] == functions.FRAME["s"]


def read_events(body: bytes, _kind: str) -> None:
    events = body.decode().split("\n\n")[:-1]
    assert [json.loads(event.removeprefix("data: ")) for event in events] == functions.FRAME["s"]


def read_array(body: bytes, _kind: str) -> None:
    array = np.load(io.BytesIO(body))
    assert (array.dtype, array.tolist()) == (np.int16, [[0, 1, 2], [3, 4, 5]])


def read_bytes(body: bytes, _kind: str) -> None:
    assert body == b"\x00\xff"


READ: dict[str, Any] = {
    JSON: read_json,
    PLOTLY: read_json,
    CSV: lambda body, kind: read_table(pd.read_csv(io.BytesIO(body)), kind),
    ARROW: lambda body, kind: read_table(pa.ipc.open_stream(body).read_all().to_pandas(), kind),
    PARQUET: lambda body, kind: read_table(pd.read_parquet(io.BytesIO(body)), kind),
    HTML: read_text,
    "text/plain": read_text,
    NPY: read_array,
    "application/octet-stream": read_bytes,
    **dict.fromkeys((PNG, JPEG, WEBP, TIFF), read_picture),
    SVG: read_svg,
    NDJSON: read_lines,
    SSE: read_events,
}
