"""``make soak``: very many calls of every kind at once; every answer is right, and nothing is left."""
