"""Runs the body of a ``%%tfsession`` cell."""
