"""Enums, domains, composite and range types that change while tables hold them."""
