"""An entrance: a process that takes calls from the network for the gateway."""
