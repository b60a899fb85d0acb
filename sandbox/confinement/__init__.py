"""What keeps a session's code in: one small module per concern, in the order in which they are applied.

Everything here runs in the sandbox's own interpreter too, so it uses the standard library alone.
"""
