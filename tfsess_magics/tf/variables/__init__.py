"""The variables of a graph: which have a value, how large they are, and what it is."""
