"""What the image of all these functions has; one environment image serves them."""

from __future__ import annotations

from importlib.metadata import version

import pytest

PACKAGES = ("numpy", "pandas", "pyarrow", "polars", "pillow", "matplotlib", "plotly")


@pytest.fixture(scope="session")
def packages() -> list[str]:
    """The packages of these tests, at their own versions."""
    return [f"{name}=={version(name)}" for name in PACKAGES]
