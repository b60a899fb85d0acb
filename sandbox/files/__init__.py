"""File exchange with a session, kept apart from its confinement: bytes in and out of its work folder, no link out."""
