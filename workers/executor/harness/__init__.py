"""Runs one program inside the sandbox and writes down what it did.

The executor sends this package into the sandbox session, as one zip, and calls `run` there, on our own server as on
AWS: it stands alone, uses the standard library, and the data packages only where they are installed. Output streams are
left as they are; figures, tables, values, the error and the changed files go into a report beside the program.
"""

from .running import run

__all__ = ["run"]
