"""Funade puts the right revision in the right place, asked for in chat or by a merge."""

__version__ = "0.1.0"
