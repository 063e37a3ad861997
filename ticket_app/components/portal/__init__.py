"""Parts of the pages for requesters: their frame, the form with its receipt, a ticket in words."""
