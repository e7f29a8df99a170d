"""What a client says and understands: pure, without a socket, a clock or a terminal."""
