"""Hostile bytes for a node's connections: mutation, a target in this process, a kept corpus."""
