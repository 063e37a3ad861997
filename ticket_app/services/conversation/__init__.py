"""The conversation of a ticket: replies and notes are posted and read."""
