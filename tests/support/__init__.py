"""Real processes and a raw client for tests: they know the interface, and nothing of its inside."""
