"""What people do in the workspace, and what apps answer to it."""
