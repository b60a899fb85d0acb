"""Stand-ins for services that tests cannot reach, each on the real wire."""
