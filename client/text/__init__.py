"""How events and people's text are shown on a terminal: escaping, sentences, colours, width."""
