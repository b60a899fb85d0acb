"""What happens to a job, as numbered events: their types, and the one log they are appended to and read from."""
