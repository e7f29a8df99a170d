"""The client's side of the protocol: pure, without a socket, a clock or a terminal."""
