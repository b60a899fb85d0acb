"""Files of a session: upload, list, download, delete."""
