"""Container engines: what keeps images and runs sandboxes."""
