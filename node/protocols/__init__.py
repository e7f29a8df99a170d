"""The protocols that clients speak: how events become bytes."""
