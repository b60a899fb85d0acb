"""What runs in the sandbox's own interpreter: the warm zygote, and in each session its init and its runner.

Started with an empty environment, it never holds a credential. It uses the standard library and, where they are
installed, the packages it warms up; never the server's.
"""
