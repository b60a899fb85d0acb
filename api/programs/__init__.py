"""Programs before they are run."""
