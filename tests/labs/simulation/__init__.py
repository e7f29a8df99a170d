"""Three nodes and their clients in one process, on a virtual clock, with faults from a seed."""
