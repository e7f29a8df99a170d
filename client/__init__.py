"""The chat's terminal client, and the connection it is built on."""
