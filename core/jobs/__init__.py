"""The job: its states, how it moves between them, and how it is read."""
