"""What a search finds beside the title and the description of a ticket."""
