"""Alembic's scripts, one for each change of the tables; ``migrate.py`` runs them."""
