"""A data frame and an array in every form, read back with what they were made of."""

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tests.support.gateway import Gateway

ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"
EXPECTED = pd.DataFrame(
    {
        "number": [0.0, 0.5, 1.0],
        "text": ["ü0", "ü1", "ü2"],
        "time": pd.date_range("2026-01-01", periods=3, freq="h"),
        "gap": [0.0, np.nan, 2.0],
    }
)


def verify(gateway: Gateway) -> None:
    def form(name: str, accept: str) -> Any:
        headers = {"Accept": accept} if accept else {}
        answer = gateway.request("POST", f"/functions/{name}", b'{"rows": 3}', headers)
        assert answer.status == 200, answer.body
        assert answer.headers["content-type"].startswith(accept or "application/json")
        return answer.body

    assert json.loads(form("table", ""))[1] == {
        "number": 0.5,
        "text": "ü1",
        "time": "2026-01-01T01:00:00",
        "gap": None,
    }
    for frame in (
        pa.ipc.open_stream(form("table", ARROW)).read_pandas(),
        pd.read_parquet(io.BytesIO(form("table", PARQUET))),
        pd.read_csv(io.BytesIO(form("table", "text/csv")), parse_dates=["time"]),
    ):
        pd.testing.assert_frame_equal(frame, EXPECTED, check_dtype=False)
    assert form("table", "text/html").count(b"<tr") == 4
    refused = gateway.request("POST", "/functions/table", b'{"rows": 3}', {"Accept": "image/png"})
    assert (refused.status, refused.code) == (406, "not-acceptable")
    assert refused.json["available"] == ["application/json", "text/csv", ARROW, PARQUET, "text/html"]
    loaded = np.load(io.BytesIO(form("array", "application/x-npy")))
    np.testing.assert_array_equal(loaded, np.eye(3, dtype=np.float32))
    assert loaded.dtype == np.float32
    assert json.loads(form("array", "")) == np.eye(3).tolist()
