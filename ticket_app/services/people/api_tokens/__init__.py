"""API tokens: people and the operator make them, and programs act by them."""
