"""Whole notebooks: what is published is the notebook itself, with the cell tagged ``parameters`` as its
signature."""
