"""The form for a new ticket: its fields, its sheet on a narrow page, its suggestions."""
