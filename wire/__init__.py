"""What client and node share: messages, errors, limits, lines, text. No I/O."""
