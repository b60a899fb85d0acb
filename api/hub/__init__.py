"""Live events for everybody who watches through one API process."""
