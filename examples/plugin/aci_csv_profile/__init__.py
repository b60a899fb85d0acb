"""An agent that says what is in a CSV file, column by column."""
