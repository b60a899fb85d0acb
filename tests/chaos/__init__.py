"""The whole service under faults: real processes, clients that write down all they see, a monkey, and a checker."""
