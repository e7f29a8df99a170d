"""Tests of tokens, accounts and passwords."""
