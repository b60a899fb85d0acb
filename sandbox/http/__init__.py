"""The HTTP layer: routes, authentication of each request before it is looked at, bounded bodies, streamed answers."""
