"""The store of logs and sessions: Redis, or an embedded fakeredis."""
