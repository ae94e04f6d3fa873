"""Dispatch: which instance runs a call, when instances start and end, and when a call's time is up."""
