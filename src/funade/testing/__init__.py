"""Fakes for every port: they keep state, pass the port's contract, and never reach production."""
