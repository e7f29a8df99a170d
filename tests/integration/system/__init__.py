"""The whole system, seen from outside: real processes, real sockets, a real Redis."""
