"""Sessions: make, list, rename."""
