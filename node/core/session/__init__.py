"""A client's connection and the session that it holds: states, quota, recovery."""
