"""Commands beside running a node: administration, accounts, shell completion."""
