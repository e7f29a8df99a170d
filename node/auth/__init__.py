"""Who may come in: tokens, accounts, certificates, and the thread that checks passwords."""
