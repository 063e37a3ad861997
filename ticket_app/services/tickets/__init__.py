"""What the desk does with tickets: file, read, find, change, delete, and record each change."""
