"""A chat node: takes clients' connections and passes what they say through the broker."""
