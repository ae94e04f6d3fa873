"""Whole notebooks: a call runs the notebook in a kernel of its own.

The one part of the runtime that imports more than the standard library: nbclient, nbconvert, nbformat,
papermill and ipykernel are requirements of such a function, and in the image of no other. Only the handler of
a whole notebook imports this package.
"""
