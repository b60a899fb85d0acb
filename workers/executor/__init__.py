"""The executor: runs exactly the user's code in a sandbox session, and makes events and a result of what came out."""
