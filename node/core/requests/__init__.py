"""The requests of clients, one module for each subject, and what they cost."""
