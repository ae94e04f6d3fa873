"""The receipt names everything with where it comes from, before anything is built."""

from tests.support.corpus import Run

CLAUSES = (
    "receipt: before the build",
    "receipt: image size",
)


def verify(run: Run) -> None:
    receipt = run.receipt("receipted")
    text = receipt["text"]
    for line in (
        "receipted(x: float, n: int = 1) -> float  (public: no token)",
        "receipted  entry, cell In[4], line 2",
        "helper  function, cell In[3], line 1",
        "SCALE  constant, 2 (1 B)",
        "data  value, numpy.ndarray (",
        "numpy==",
        "  value data",
        "5 s per call, 512 MB memory",
        "1 example, run in the image",
    ):
        assert line in text, (line, text)
    assert receipt["image"].startswith("about ")
    assert receipt["image"].endswith("MB on top of the base image (1 package, as installed here)")
    assert run.gateway.call("receipted").status == 404
