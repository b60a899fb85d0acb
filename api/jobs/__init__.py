"""Jobs: submit, follow, cancel, read."""
