"""The page in a real browser, with real nodes."""
