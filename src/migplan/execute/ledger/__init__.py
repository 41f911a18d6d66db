"""The ledger in the target's schema ``migplan``: what ran, what runs, and where every plan stands."""
