"""What the service does, one verb a file. Knows ports and the pure layers below, not adapters or frameworks."""
