"""The library for browsers, run by Node."""
