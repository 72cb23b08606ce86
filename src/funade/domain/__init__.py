"""The nouns and the rules: no I/O, no clock, no await, nothing but the standard library."""
