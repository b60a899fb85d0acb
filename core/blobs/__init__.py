"""Bytes that must last, kept in Postgres as chunked rows so that one backup holds everything."""
