"""Looks at a cell that has run, and at a thread that has ended."""
