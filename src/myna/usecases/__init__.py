"""What the service does, one verb a file. Knows ports, not adapters or frameworks."""
