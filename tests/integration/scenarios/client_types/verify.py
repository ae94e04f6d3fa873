"""Functions called from Python like the originals, with their types both ways."""

import datetime as dt
import inspect
import io
import uuid
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from jupyter_faas.model.errors import FaasError, HandlerError, InvalidInput, NotAcceptable, NotFound
from tests.support.gateway import Gateway

FRAME = pd.DataFrame(
    {"when": pd.date_range("2026-01-01", periods=2, tz="Europe/Berlin"), "kind": pd.Categorical(["a", "b"])},
    index=pd.Index(["x", "y"], name="key"),
)


def verify(gateway: Gateway) -> None:
    with gateway.client as functions:
        grown = functions["grown"]
        assert "by: int = 1, *, note: str = '') -> pandas" in repr(grown)
        assert "one column more" in (inspect.getdoc(grown) or "")
        described = grown.description["input_schema"]["properties"]
        assert described["by"]["description"] == "what is added"
        pd.testing.assert_frame_equal(grown(FRAME, 2, note="ü"), FRAME.assign(grown=2, note="ü"))
        for wrong in ({}, {"frame": FRAME, "bye": 1}):
            with pytest.raises(TypeError, match="grown"):
                grown(**wrong)
        with pytest.raises(InvalidInput):
            grown(FRAME, "x")
        with pytest.raises(NotFound):
            functions["grow"]

        anything = functions["anything"]
        array = anything("array")
        assert (array.dtype, array.tolist()) == (np.int16, [[0, 1, 2], [3, 4, 5]])
        assert anything("polars").equals(pl.DataFrame({"a": [1, 2], "s": ["x", "y"]}))
        pd.testing.assert_series_equal(anything("series"), pd.Series([1.5, None], name="n"))
        assert anything("arrow").equals(pa.table({"a": [1]}))
        assert anything("bytes", data=io.BytesIO(b"\x00\xff")) == b"\x00\xff"
        assert (anything("plain"), anything("nothing")) == ({"a": [1, None]}, None)
        for accept in ("text/csv", "application/vnd.apache.parquet", "text/html"):
            answer = gateway.request("POST", "/functions/anything", b'{"what": "polars"}', {"Accept": accept})
            assert answer.headers["content-type"].startswith(accept), answer.body

        day, one = dt.date(2026, 1, 31), uuid.UUID(int=1)
        when = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
        event = {"when": when, "cost": Decimal("1.10")}
        back = functions["moved"](event, dt.timedelta(hours=-1), day, day, ids={one}, extra=Decimal("0.5"))
        expected = (
            when - dt.timedelta(hours=1),
            Decimal("1.10"),
            [day, day],
            {one},
            {"extra": Decimal("0.5")},
        )
        assert back == expected

        moves_whatever_it_admits(functions["moved"])
        refuses_whatever_it_does_not_admit(gateway)

        picture = functions["thumbnail"](Image.new("RGBA", (8, 8), (1, 2, 3, 255)))
        assert (picture.size, picture.mode, picture.getpixel((0, 0))) == ((4, 4), "RGBA", (1, 2, 3, 255))
        assert functions["drawn"]([1, 2]).size == (100, 50)

        with TemporaryDirectory() as folder:
            file = Path(folder, "days.txt")
            file.write_text("2026-01-01 2026-01-02")
            days = functions["words"](file)
            assert next(days) == dt.date(2026, 1, 1)
            assert list(days) == [dt.date(2026, 1, 2)]
            failing = functions["words"](file, fail=True)
            assert [next(failing), next(failing)] == [dt.date(2026, 1, 1), dt.date(2026, 1, 2)]
            with pytest.raises(HandlerError, match=r"days\.txt") as caught:
                next(failing)
        assert isinstance(caught.value, FaasError)
        assert "raise ValueError(file.name)" in caught.value.__notes__[0]

        # What can't be had, or isn't a time, costs no call.
        before = len(functions.invocations("moved")) + len(functions.invocations("grown"))
        with pytest.raises(InvalidInput):
            functions.invoke("moved", {"event": {"when": "soon", "cost": 1}, "by": "PT1H"})
        with pytest.raises(NotAcceptable):
            functions.stream("grown", {"frame": []}).__next__()
        assert len(functions.invocations("moved")) + len(functions.invocations("grown")) == before


def moves_whatever_it_admits(moved: Any) -> None:
    texts = st.from_regex("[a-z]{1,5}[0-9]", fullmatch=True)
    costs = st.decimals(allow_nan=False, allow_infinity=False)
    years = {"min_value": dt.datetime(1900, 1, 1), "max_value": dt.datetime(2100, 1, 1)}

    @settings(max_examples=20, deadline=None, database=None)
    @given(
        st.datetimes(**years, timezones=st.sampled_from([None, dt.UTC])),
        costs,
        st.timedeltas(dt.timedelta(-9), dt.timedelta(9)),
        st.lists(st.dates(), max_size=3),
        st.sets(st.uuids(), max_size=3),
        st.dictionaries(texts, costs, max_size=3),
    )
    def moves(when: Any, cost: Any, by: Any, more: Any, ids: Any, rest: Any) -> None:
        back = moved({"when": when, "cost": cost}, by, *more, ids=ids, **rest)
        assert back == (when + by, cost, more, ids, rest)

    moves()


def refuses_whatever_it_does_not_admit(gateway: Gateway) -> None:
    kinds = ["application/json", "image/png", "multipart/form-data; boundary=b", "text/csv", "a/b", ""]
    bodies = st.binary(max_size=60) | st.binary(max_size=30).map(
        lambda raw: (
            b'--b\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n' + raw + b"\r\n--b--"
        )
    )

    @settings(max_examples=40, deadline=None, database=None)
    @given(bodies, st.sampled_from(kinds), st.sampled_from(["", "?size=x", "?size=1&picture=a"]))
    def refuses(body: bytes, kind: str, query: str) -> None:
        headers = {"Content-Type": kind}
        answer = gateway.request("POST", f"/functions/thumbnail{query}", body, headers)
        assert answer.status in (400, 422), answer.body
        assert answer.code in ("malformed-request", "invalid-input")

    refuses()
