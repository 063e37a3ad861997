"""Drafted replies: what the provider is shown, the call, and what the person is told of it."""
