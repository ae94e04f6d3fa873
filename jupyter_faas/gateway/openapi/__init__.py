"""What the gateway says of itself and its functions in the words of OpenAPI 3.1 and of forms."""
