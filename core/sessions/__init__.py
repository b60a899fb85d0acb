"""Sessions: a conversation, its files, its sandbox, and the order of its jobs."""
