"""What fails, hangs or is left behind: told, tried again, cleaned up."""
