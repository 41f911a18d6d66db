"""Indexes: built without blocking writes, and hung on those of partitioned parents."""
