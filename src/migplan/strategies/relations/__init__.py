"""Tables and materialized views as a whole: dropped, kept aside, backed up, secured by row."""
