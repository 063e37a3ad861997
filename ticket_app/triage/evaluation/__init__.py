"""Measures the quality of triage: labelled tickets, an engine's figures, and a baseline engine."""
