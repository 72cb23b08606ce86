"""People's words: what they type becomes a command, what happened becomes an answer. Pure, but for Slack's folder."""
