"""Learns a model from people's decisions, and compares it with the offline engine.

Examples come in, a model and its comparison go out. The services store them.
"""
