"""One unit of a plan on the live database: its session, its transaction, its entry in the ledger."""
