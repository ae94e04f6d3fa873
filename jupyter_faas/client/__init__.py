"""Everything that talks to a gateway over HTTP."""
