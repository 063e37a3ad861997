"""The page of one ticket: what was said and done there, as a reader sees it, and the composer."""
