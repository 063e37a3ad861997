"""What one has not sent yet, on the pages of tickets and in their list."""
