"""The production server: Granian's processes, locks on port and data folder, and the log."""
