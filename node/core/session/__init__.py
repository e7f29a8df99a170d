"""A client's connection, the session that it holds, and what all connections use."""
