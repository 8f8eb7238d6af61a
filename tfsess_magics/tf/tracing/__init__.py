"""One run, looked into: who did what for how long, and where."""
