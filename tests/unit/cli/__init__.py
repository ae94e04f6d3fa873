"""Tests of jupyter_faas/cli."""
