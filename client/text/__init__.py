"""Text for terminals: escaping, sentences for events, colours, width."""
