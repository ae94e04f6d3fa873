"""Classes that functions, decorators and calls have made; attributes that have their value in the kernel."""

from tests.support.corpus import Run

CLAUSES = ("slice: classes made by code", "values: attributes as they are")


def verify(run: Run) -> None:
    assert run.call("made_classes") == {
        "areas": [12, 30, 24, 3],
        "rows": [3, 2],
        "things": ["egg"],
        "point": "Point(x=1, y=4)",
        "level": "HIGH",
        "shop": [[0.5, 1.5], 8, [2, 4], True],
    }
    shown = run.text("made_classes")
    assert "Shop.rates  member, its value in this kernel; the expression isn't run again" in shown
    assert "load_rates" not in shown
    assert "Shop.doubled" not in shown
