"""Tests of jupyter_faas/client."""
