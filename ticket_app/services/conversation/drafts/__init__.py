"""What people have not sent yet."""
