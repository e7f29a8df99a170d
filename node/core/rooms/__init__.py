"""Following the log of a room: its newest entries, its readers, and healing."""
