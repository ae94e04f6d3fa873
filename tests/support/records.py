"""Records of versions, as the store has them, without an image behind them."""

from __future__ import annotations

from jupyter_faas.gateway.store.records import Move, VersionRecord
from jupyter_faas.model.manifest import Manifest, Origin, Segment
from tests.support.gateway import PYTHON

PACKAGES = ("numpy==2.1.0", "pandas==2.2.3", "python-dateutil==2.9.0", "pytz==2024.2", "six==1.16.0")


def version_record(name: str, image: str = "sha256:" + "a" * 64, entry: str = "f") -> VersionRecord:
    """One of a function such as people publish: with packages, types, a docstring and an origin."""
    manifest = Manifest(
        name=name,
        entry=entry,
        python=PYTHON,
        requirements=PACKAGES[:2],
        constraints=PACKAGES[2:],
        doc="Quantile and mean of a list of numbers.",
        signature="(values: list[float], q: float = 0.5) -> dict",
        input_schema={
            "type": "object",
            "properties": {
                "values": {"type": "array", "items": {"type": "number"}},
                "q": {"type": "number", "default": 0.5},
            },
        },
        output_schema={"type": "object"},
        segments=(Segment(line=1, count=6, cell="In[3]", cell_line=2),),
        origin=Origin(notebook="quickstart.ipynb", cell="In[3]", author="somebody"),
    )
    digest = f"sha256:{hash(name) & (1 << 256) - 1:064x}"
    return VersionRecord(name, 1, digest, digest, manifest, {}, image, image, PACKAGES, 4096, 10**8, 1e9)


def first_moves(record: VersionRecord) -> list[Move]:
    """What publishing ``record`` as a function's first version moves."""
    return [Move(record.function, "latest", record.published, "somebody", "publish", "", str(record.number))]
