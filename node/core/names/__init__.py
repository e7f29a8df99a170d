"""Nicks and room names, and what they look like."""
