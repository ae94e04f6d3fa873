"""``make bench-peers``: the same functions behind other servers, under the same caps, in the same run."""
