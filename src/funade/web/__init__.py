"""HTTP doors. Nothing is imported here, so that asking where a server listens costs nothing."""
