"""What is looked at before anything runs: drift, sizes, room, demands, what is in the way."""
