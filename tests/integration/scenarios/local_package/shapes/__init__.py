"""A package of the notebook's author."""
