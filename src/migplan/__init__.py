"""Declarative, phased migration planning for PostgreSQL."""
