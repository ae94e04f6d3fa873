"""A class of attrs, in a module beside the notebook."""

import datetime as dt

import attrs


@attrs.define
class Spot:
    x: int
    _seen: dt.date = dt.date(2026, 1, 1)
