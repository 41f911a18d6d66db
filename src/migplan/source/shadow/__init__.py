"""The shadow: servers of our own or the user's, scratch databases on them, declarations loaded there."""
