"""Authentication: tokens, accounts, the certificate, and the thread that checks passwords."""
