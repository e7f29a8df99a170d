"""The process: memory, file descriptors, connections to hosts by name."""
