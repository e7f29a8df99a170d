"""The requests of clients, one module for each subject."""
