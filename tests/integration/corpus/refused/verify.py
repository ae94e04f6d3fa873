"""What belongs to this process is refused by name, type and cell, with what to do instead, all at once."""

from tests.support.corpus import Run

CLAUSES = ("values: what can't be frozen",)


def verify(run: Run) -> None:
    text = run.text("refused")
    assert "7 things that refused uses can't be published:" in text
    for line, name, type_name, advice in (
        (6, "file", "_io.TextIOWrapper", "open it inside the function, and add the file with --file"),
        (7, "database", "sqlite3.Connection", "connect inside the function"),
        (8, "thread", "threading.Thread", "start it inside the function"),
        (9, "lock", "_thread.lock", "one call at a time"),
        (10, "numbers", "generator", "freeze list(…) of it"),
        (11, "array", "cupy.ndarray", "move it to the CPU first"),
        (12, "deep", "dict", "it holds something that is a lock"),
    ):
        beginning = f"- {name} ({type_name})"
        sentence = next(one for one in text.splitlines() if one.strip().startswith(beginning))
        assert f"made in cell In[2], line {line}:" in sentence
        assert advice in sentence
