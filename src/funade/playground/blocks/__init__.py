"""Block Kit: what a message, a modal and a home may hold."""
