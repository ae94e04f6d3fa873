"""``pytest-jupyter``'s fixtures, for these tests alone: some of them act on every test that sees them."""

from pytest_jupyter.jupyter_core import *  # noqa: F403
from pytest_jupyter.jupyter_server import *  # noqa: F403
from pytest_jupyter.pytest_tornasync import *  # noqa: F403
