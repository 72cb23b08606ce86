"""Clients of protocols and systems that know no word of ours."""
