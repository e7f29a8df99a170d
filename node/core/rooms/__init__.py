"""Following the logs of rooms: their newest entries, their readers, and healing."""
