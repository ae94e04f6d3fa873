"""A picture as the body, as a part of a form beside a scalar, and as base64 in JSON."""

import base64
import io

from PIL import Image

from tests.support.forms import form_of
from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    for name in ("PNG", "JPEG"):
        file = io.BytesIO()
        Image.new("RGB", (64, 32), "navy").save(file, name)
        content, kind = file.getvalue(), f"image/{name.lower()}"
        answer = gateway.request("POST", "/functions/thumbnail", content, {"Content-Type": kind})
        assert answer.status == 200, answer.body
        assert answer.json["size"] == [16, 8]
        assert Image.open(io.BytesIO(base64.b64decode(answer.json["png"]))).size == (16, 8)
        body, form = form_of(("size", None, None, b"8"), ("image", "a.bin", kind, content))
        answer = gateway.request("POST", "/functions/thumbnail", body, {"Content-Type": form})
        assert (answer.status, answer.json["size"]) == (200, [8, 4])
        answer = gateway.call("thumbnail", {"image": base64.b64encode(content).decode(), "size": 4})
        assert (answer.status, answer.json["size"]) == (200, [4, 2])
    answer = gateway.request("POST", "/functions/thumbnail", b"no picture", {"Content-Type": "image/png"})
    assert (answer.status, answer.code) == (422, "invalid-input"), answer.body
