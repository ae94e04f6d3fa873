"""Functions called from Python like the originals, with their types both ways."""

import datetime as dt
import inspect
import io
import uuid
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
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
