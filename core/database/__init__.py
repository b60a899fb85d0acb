"""The schema (SQLAlchemy tables, which the migrations are checked against) and the connection pool."""
