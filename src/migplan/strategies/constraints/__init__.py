"""Constraints and keys that come, go or take each other's place on tables in use."""
