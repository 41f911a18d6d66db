"""Columns that get another type: in place where no row is written, else a second column and a swap."""
