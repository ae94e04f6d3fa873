"""What runs in a function's container. Standard library only."""
