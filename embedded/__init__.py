"""Everything that turns a fresh clone into a running service on one machine: virtual environments, a
Postgres, a Redis, and one supervisor over all processes. Nothing in here is needed in production, and nothing
else imports it but tests.
"""
