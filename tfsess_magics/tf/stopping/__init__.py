"""Ends runs, on an interrupt, on an order or when they take too long, and keeps the values of variables."""
