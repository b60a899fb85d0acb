"""The files of a session: what its code finds in the working directory, and what it wrote there, as versions."""
