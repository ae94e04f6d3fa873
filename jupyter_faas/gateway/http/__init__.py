"""HTTP/1.1 (RFC 9112) on a caller's connection: what is read, what is written, and how long it may take."""
