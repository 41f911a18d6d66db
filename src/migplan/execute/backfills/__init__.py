"""Backfills on the live database: batches along a key, by one worker or several."""
