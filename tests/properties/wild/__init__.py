"""Wild schemas: as many kinds of objects as PostgreSQL has, drawn loosely; the server says which of them can stand."""
