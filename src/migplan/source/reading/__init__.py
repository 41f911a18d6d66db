"""Reading a database's catalogs: in one snapshot, beside others who change it, remembered for the next time."""
