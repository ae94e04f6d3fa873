"""What the gateway does, without HTTP: catalogue, publishing, invoking."""
