"""The shapes that every edge shares, one file a domain: input, filters, pages and results."""
