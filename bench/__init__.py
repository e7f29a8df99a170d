"""How fast it is, next to the servers that people would pick instead: ``make bench``."""
