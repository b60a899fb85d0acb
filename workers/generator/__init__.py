"""The `generate` agent: plain words in, a Python program out, streamed as it is written."""
