"""`aci`: the command line, and the client that it stands on. Speaks HTTP, and imports nothing else of this project."""
