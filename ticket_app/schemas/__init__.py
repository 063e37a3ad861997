"""The shapes that every edge shares, one file a domain: what comes in and what goes out."""
