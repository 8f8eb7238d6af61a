"""Sessions: named ones, those of other code, and adopted ones."""
