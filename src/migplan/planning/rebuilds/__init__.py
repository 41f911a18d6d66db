"""What can't be altered in place: dropped and made again, with what stands on it, and validated apart."""
