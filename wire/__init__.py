"""What travels between a client and a node: messages, errors, limits, lines. No I/O."""
