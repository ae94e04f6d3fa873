"""Every setting of the gateway, and of the Jupyter server's extension, explains itself in full sentences."""

from __future__ import annotations

import pytest
from traitlets.config import Configurable

from jupyter_faas.gateway.app import GatewayApp
from jupyter_faas.server.app import FaasExtension

COMPONENTS: list[type[Configurable]] = [GatewayApp, *GatewayApp.classes, FaasExtension]


@pytest.mark.parametrize(
    ("component", "name"),
    [
        (component, name)
        for component in COMPONENTS
        for name in sorted(component.class_own_traits(config=True))
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_setting(component: type[Configurable], name: str) -> None:
    text = component.class_own_traits(config=True)[name].help
    assert text[0].isupper()
    assert text.rstrip().endswith(".")
    assert len(text.split()) >= 5
