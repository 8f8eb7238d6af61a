"""One run in detail: its operations, their times and their devices."""
