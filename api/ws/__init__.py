"""`/v1/ws`: one socket both ways, for those who want to submit, follow and cancel over one connection."""
