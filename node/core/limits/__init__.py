"""Limits on what clients may do: token buckets, connections, bytes, rules of moderators."""
