"""Saves the values of a session's variables to a checkpoint, and restores them from one."""
