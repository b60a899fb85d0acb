"""How much: what a tenant, and each of its keys, may ask for, hold and spend."""
