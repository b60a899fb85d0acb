"""The demo model: a small library of programs behind the face of a model, for machines without a real one.

It picks a program by words and fits it to the session's files. It says what it is in every answer.
"""
