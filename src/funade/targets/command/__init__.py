"""A program, run on this machine by a small supervisor that outlives its owner."""
