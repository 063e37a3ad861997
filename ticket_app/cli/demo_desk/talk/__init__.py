"""What is said on the tickets of the demo: phrases, notes, and who says them."""
