"""Slack: the only folder that knows it. One more door to the desk, and one more way to tell what happened."""
