"""Tests of the repository itself: documents, packages, workflows."""
