"""Endpoints that answer with pictures, in the format that is asked for."""

import io

import pytest
from PIL import Image

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    for accept, kind in (("", "PNG"), ("image/jpeg", "JPEG"), ("image/webp, image/png;q=0.5", "WEBP")):
        headers = {"Accept": accept} if accept else {}
        answer = gateway.request("POST", "/functions/square", b'{"size": 8}', headers)
        assert answer.headers["content-type"] == f"image/{kind.lower()}"
        picture = Image.open(io.BytesIO(answer.body))
        assert (picture.format, picture.size) == (kind, (8, 8))
        assert picture.convert("RGB").getpixel((4, 4)) == pytest.approx((254, 0, 0), abs=3)
    body = b'{"values": [1, 3, 2]}'
    for _ in range(2):  # a warm worker draws again
        answer = gateway.request("POST", "/functions/plot", body)
        assert answer.headers["content-type"] == "image/png", answer.body
        assert Image.open(io.BytesIO(answer.body)).size == (200, 100)
    svg = gateway.request("POST", "/functions/plot", body, {"Accept": "image/svg+xml"})
    assert b"</svg>" in svg.body
    assert isinstance(gateway.client.invoke("square", {"size": 1}), bytes)
