"""The verbs: one file, one verb, one class; they talk to ports only."""
