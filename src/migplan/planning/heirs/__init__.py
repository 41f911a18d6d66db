"""Partitions and children: what a parent's change makes below it, and in which order they come and go."""
