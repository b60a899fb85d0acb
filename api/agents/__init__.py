"""Which agents there are, and which models answer."""
