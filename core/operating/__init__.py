"""What an operator asks of an installation, on the machine where it is: its settings, and whether all is well."""
