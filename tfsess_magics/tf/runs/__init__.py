"""Runs that are under way: what they fetch, what they wait for, how long they may take."""
