"""Tables that are built a second time beside themselves, kept up by a log of changes, and swapped in."""
