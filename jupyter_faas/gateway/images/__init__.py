"""Makes images: a base, an environment on it, a function on that."""
