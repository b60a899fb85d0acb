"""The HTTP edge: thin, stateless, and any number of them may run. Imports core, never workers."""
