"""What becomes of tickets when people come and go."""
