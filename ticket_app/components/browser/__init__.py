"""Behaviour that needs no server: expressions, elements and npm components, each in Python."""
