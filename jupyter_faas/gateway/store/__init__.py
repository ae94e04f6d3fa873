"""What survives a restart: the catalogue of versions and the history of invocations."""
