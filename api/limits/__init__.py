"""Limits: held to on every request, shown and changed by admins; and what was used."""
