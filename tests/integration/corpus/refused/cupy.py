"""Stands for the GPU library: its arrays are told by the name of their type."""


class ndarray:  # noqa: N801
    pass
