"""Classes with bases, metaclasses, properties, enums, ABCs, generics; an instance frozen by value."""

from tests.support.corpus import Run

CLAUSES = ("slice: class bodies and base classes",)


def verify(run: Run) -> None:
    assert run.call("classes") == [8, 9, ["LOW"], True, ["Base", "Derived"], [1]]
