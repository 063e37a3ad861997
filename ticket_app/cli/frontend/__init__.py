"""Compilation of the pages by Reflex: its environment, and the fingerprint that makes it due."""
