"""``from jupyter_faas import Context, Response`` in a published function."""

from __future__ import annotations

import pytest

from jupyter_faas.model.errors import CaptureError
from tests.unit.kernel.notebook import Notebook
from tests.unit.kernel.test_slice import handler


def test_the_two_names_are_carried_and_nothing_is_shipped(notebook: Notebook) -> None:
    notebook.run("from jupyter_faas import Context, Response as Answer")
    captured = notebook.capture("def f(x: int, context: Context) -> Answer:\n    return Answer(x, 201)")
    source = handler(captured)
    assert "from jupyter_faas import Context\n" in source
    assert "from jupyter_faas import Response as Answer\n" in source
    manifest = captured.bundle.manifest
    assert manifest.requirements == ()
    assert list(manifest.input_schema["properties"]) == manifest.input_schema["required"] == ["x"]
    assert manifest.output_schema is None


def test_an_import_in_a_body(notebook: Notebook) -> None:
    body = "def f():\n    from jupyter_faas import Response\n    return Response(1).status"
    assert notebook.publish_and_call(body) == 200


def test_an_annotation_that_is_text(notebook: Notebook) -> None:
    notebook.run("from jupyter_faas import Context")
    captured = notebook.capture("def f(context: 'Context'):\n    return context.invocation_id")
    assert captured.bundle.manifest.input_schema["properties"] == {}
    assert "from jupyter_faas import Context\n" in handler(captured)


def test_another_parameter_of_that_name_is_the_callers(notebook: Notebook) -> None:
    captured = notebook.capture("def f(context: str):\n    return context")
    assert captured.bundle.manifest.input_schema["required"] == ["context"]


@pytest.mark.parametrize(
    "body",
    [
        "from jupyter_faas import client\ndef f():\n    return client",
        "import jupyter_faas\ndef f():\n    return jupyter_faas.Response(1)",
        "def f():\n    from jupyter_faas import Response, client\n    return client",
        "def f():\n    from jupyter_faas.model.authoring import Response\n    return Response(1)",
    ],
)
def test_nothing_else_of_the_package_is(notebook: Notebook, body: str) -> None:
    with pytest.raises(CaptureError, match="jupyter_faas itself isn't shipped"):
        notebook.capture(body)
