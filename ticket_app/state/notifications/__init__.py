"""State about what a person of the team is told of."""
