"""How good the written programs are: tasks, checks of what a model wrote and of its run in the sandbox, and a table.

It speaks HTTP with a service as any other client, so what is scored is what a user gets.
"""
