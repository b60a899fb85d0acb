"""What the API and the workers share: the job's life, its event log, sessions, files and agent specs.

Imports nothing else of this project; all SQL of the service lives below this folder.
"""
