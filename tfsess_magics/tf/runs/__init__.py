"""Runs that are in flight: what they fetch, what they wait for, how long they may take."""
