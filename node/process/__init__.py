"""The process of a node: memory, open files, names that it looks up."""
