"""The form for a new ticket: what it sends, its suggestions, and sentences beside its fields."""
