"""Runs in flight: their fetches, the things that they wait for, and their limits of time."""
