"""What does the work: worker pools, the agents' runners, the dispatcher. Imports core, never api."""
