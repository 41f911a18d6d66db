"""Partitions and children: attached, detached, split, merged, and tables that become partitioned in place."""
