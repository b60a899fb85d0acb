"""What was used, by day (UTC), tenant, key and agent."""
