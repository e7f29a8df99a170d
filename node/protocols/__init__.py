"""The protocols that clients speak: encoders of events."""
