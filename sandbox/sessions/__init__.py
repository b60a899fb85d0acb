"""Sessions as the server has them: started from the zygote, run in, watched, ended, and counted."""
