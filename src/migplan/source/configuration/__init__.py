"""migplan.toml, read and checked."""
