"""The pages of people: signing in, one's own account, and those for administrators."""
