"""Language models behind one chain of candidates: who is asked, in what order, and what happens when one fails."""
