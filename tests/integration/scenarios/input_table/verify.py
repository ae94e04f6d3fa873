"""A DataFrame from CSV, Arrow and Parquet as the body, from a part of a form, and from JSON."""

import io

import pandas as pd
import pyarrow as pa

from tests.support.gateway import Answer, Gateway

FRAME = pd.DataFrame({"a": [1, 2, 4], "b": ["x", "y", "z"]})
EXPECTED = {"rows": 3, "sum": 7, "columns": ["a", "b"]}


def verify(gateway: Gateway) -> None:
    def send(body: bytes, kind: str, query: str = "") -> Answer:
        return gateway.request("POST", f"/functions/describe{query}", body, {"Content-Type": kind})

    csv = FRAME.to_csv(index=False).encode()
    answer = send(csv, "text/csv; charset=utf-8")
    assert (answer.status, answer.json) == (200, EXPECTED), answer.body
    parquet, stream = io.BytesIO(), io.BytesIO()
    FRAME.to_parquet(parquet)
    table = pa.Table.from_pandas(FRAME)
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    assert send(parquet.getvalue(), "application/vnd.apache.parquet").json == EXPECTED
    assert send(parquet.getvalue(), "application/octet-stream").json == EXPECTED
    assert send(stream.getvalue(), "application/vnd.apache.arrow.stream").json == EXPECTED
    assert send(csv, "text/csv", "?column=b").json["sum"] == "xyz"
    for frame in (FRAME.to_dict("records"), FRAME.to_dict("list")):
        assert gateway.call("describe", {"frame": frame}).json == EXPECTED
    answer = send(b"not a file of this kind", "application/vnd.apache.parquet")
    assert (answer.status, answer.code) == (422, "invalid-input"), answer.body
    assert answer.json["faults"][0]["path"] == "$.frame"
    answer = send(b"<a/>", "text/xml")
    assert (answer.status, answer.code) == (400, "malformed-request")
    assert "text/csv" in answer.json["detail"]
    answer = send(csv, "text/csv", "?colum=b")
    assert (answer.status, answer.code) == (422, "invalid-input")
