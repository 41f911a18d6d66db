"""Columns that come, go, are renamed, split, merged or moved, and what fills and numbers them."""
