"""Names: renames that are asked for, found or follow from others, and who has which name when."""
