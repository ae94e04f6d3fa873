"""An array from an .npy body and from JSON, with the element type that the annotation names."""

import io

import numpy as np

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    file = io.BytesIO()
    np.save(file, np.array([3, 4], dtype=np.int32))
    expected = {"norm": 5.0, "dtype": "float64", "shape": [2]}
    for kind in ("application/x-npy", "application/octet-stream"):
        answer = gateway.request("POST", "/functions/norm", file.getvalue(), {"Content-Type": kind})
        assert (answer.status, answer.json) == (200, expected), answer.body
    assert gateway.call("norm", {"vector": [3, 4]}).json == expected
    assert gateway.call("norm", {"vector": [3, 4], "order": 1}).json["norm"] == 7.0
    pickled = io.BytesIO()
    np.save(pickled, np.array([{}], dtype=object))
    for body in (pickled.getvalue(), b"", file.getvalue()[:-1]):
        answer = gateway.request("POST", "/functions/norm", body, {"Content-Type": "application/x-npy"})
        assert (answer.status, answer.code) == (422, "invalid-input"), answer.body
    assert gateway.call("norm", {"vector": [[1, 2], [3]]}).status == 422
