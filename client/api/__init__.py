"""The client as a library: connect, send, and iterate over what is received."""
