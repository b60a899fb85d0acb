"""The dispatcher: from the outbox in Postgres to Celery's queues, and upkeep. Any number may run; one plans a pool."""
