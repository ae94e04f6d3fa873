"""Several processes for one port (``--processes``): what the gateway and its entrances share."""
