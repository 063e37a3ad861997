"""Pages for requesters: a form for everyone, the ticket of a signed link, and one's own tickets."""
