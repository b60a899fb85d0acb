"""The worker processes that are alive, as rows: what the dispatcher counts slots from and operators look at."""
