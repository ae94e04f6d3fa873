"""Shell commands, magics and the kernel itself in the slice are refused with cell and line."""

from tests.support.corpus import Run

CLAUSES = ("slice: shell and cell magics refused",)


def verify(run: Run) -> None:
    text = run.text("shelled")
    for line, where in {
        "!ls": "in listing (cell In[2], line 2)",
        "!echo done": "in listing (cell In[2], line 3)",
        "%timeit 1": "in listing (cell In[2], line 4)",
        "get_ipython()": "in shown (cell In[3], line 3)",
        "display": "used by shown (cell In[3], line 2)",
    }.items():
        assert any(f"- {line}" in one and where in one for one in text.splitlines()), (line, text)
    assert "CaptureError" in run.without_execution()
