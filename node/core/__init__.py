"""The domain: rooms, sessions, names. Synchronous and pure: time and randomness are passed in."""
