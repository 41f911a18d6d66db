"""The sample shop as its production database has it: an older version of ``schemas/``, with rows (``shop.sql``)."""
