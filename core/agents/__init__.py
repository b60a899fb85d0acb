"""What an agent is to the rest of the service: a name, the shape of its input and result, and where it runs.

The code that does its work is named by a dotted path and imported by workers only.
"""
