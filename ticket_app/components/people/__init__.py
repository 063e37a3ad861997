"""What pages show of people: signing in, one's own account, the list of people."""
