"""Servers and devices."""
