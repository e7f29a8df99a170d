"""The fault laboratory: real nodes, real Redis, and everything that can happen to them."""
