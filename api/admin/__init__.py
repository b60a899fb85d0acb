"""What admins do: tenants, their keys, and the record of all that."""
