"""Uploaded files as bytes and as paths in scratch, several in one form, with scalars beside them."""

import base64
import os

from tests.support.forms import form_of
from tests.support.gateway import Answer, Gateway


def verify(gateway: Gateway) -> None:
    def send(name: str, body: bytes, kind: str) -> Answer:
        return gateway.request("POST", f"/functions/{name}", body, {"Content-Type": kind})

    left = set()
    for _ in range(3):
        body, form = form_of(
            ("file", "../../notes.txt", "text/plain", b"hello "), ("times", None, None, b"2")
        )
        answer = send("keep", body, form)
        assert answer.status == 200, answer.body
        assert (answer.json["name"], answer.json["text"]) == ("notes.txt", "hello hello ")
        left.add(answer.json["left"])
    assert len(left) == 1  # what a call was given goes with it
    assert send("keep", b"whole", "text/plain").json["text"] == "whole"
    assert gateway.call("keep", {"file": base64.b64encode(b"in JSON").decode()}).json["text"] == "in JSON"

    noise = os.urandom(200_000) + b"\r\n--"
    body, form = form_of(
        ("names", None, None, b"one"),
        ("data", "noise", "application/octet-stream", noise),
        ("names", None, None, b"two"),
        ("other", "empty.bin", None, b""),
        ("note", "note.txt", "text/plain", "grüße".encode()),
    )
    expected = {"data": len(noise), "other": 0, "names": ["one", "two"], "note": "grüße"}
    assert send("measure", body, form).json == expected
    assert send("measure", noise, "application/octet-stream").json["data"] == len(noise)
    for body, form in (
        form_of(("other", "a", None, b"x")),
        form_of(("data", "a", None, b"x"), ("nothing", "b", None, b"x")),
        form_of(("data", "a", None, b"x"), ("note", "b", None, b"\xff")),
    ):
        answer = send("measure", body, form)
        assert (answer.status, answer.code) == (422, "invalid-input"), answer.body
