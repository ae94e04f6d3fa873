"""HTTP in front of the service (Tornado)."""
