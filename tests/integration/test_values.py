"""Frozen values in images that can't load them: the publish fails in words, and harms nothing."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any

import pytest

from jupyter_faas.model.bundle import Bundle
from jupyter_faas.model.errors import BuildError
from jupyter_faas.model.manifest import Value
from tests.support.gateway import PYTHON, Gateway, bundle_of

pytestmark = pytest.mark.docker

SOURCE = """
x = __import__("faas_runtime.values", fromlist=["frozen"]).frozen("x")


def held():
    return x
"""


def publish(gateway: Gateway, **changes: Any) -> None:
    content = pickle.dumps([1, 2], protocol=5)
    fields = {"name": "x", "file": "values/x.pickle", "type": "list", "size_bytes": len(content)}
    fields |= {"sha256": hashlib.sha256(content).hexdigest(), "python": PYTHON}
    bundle = bundle_of(SOURCE, "held", values=(Value.model_validate(fields | changes),))
    files = {**bundle.files, "values/x.pickle": content}
    gateway.client.publish(Bundle(bundle.manifest, files), {}, lambda *_: None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"python": "3.7"}, f"made with Python 3.7, but this image has {PYTHON}"),
        ({"versions": ("numpy==0.1",)}, "made with numpy 0.1, but this image has none"),
    ],
)
def test_another_version_fails_the_publish(gateway: Gateway, changes: dict[str, Any], words: str) -> None:
    publish(gateway)
    assert gateway.call("held").json == [1, 2]
    with pytest.raises(BuildError) as caught:
        publish(gateway, **changes)
    assert (
        f"does not start in it: faas_runtime.values.ValueMismatch: The frozen value x (list) was {words}"
        in (caught.value.detail)
    )
    assert gateway.call("held").json == [1, 2]
