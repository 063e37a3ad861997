"""The conversation of a ticket: its messages."""
