"""Settings of a node: flags, variables, and how their values are read."""
