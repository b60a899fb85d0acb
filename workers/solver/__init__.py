"""The agent that solves a task in steps: it writes a program, runs it in the session's sandbox, looks, and goes on."""
