"""The gateway process: HTTP in front, containers behind."""
