"""Laboratories: whole systems that are broken or attacked, and what comes of it."""
