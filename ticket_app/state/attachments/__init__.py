"""Files of messages as pages show them, and those that wait in a composer."""
