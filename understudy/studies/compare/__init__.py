"""Compare: settings before and after their search, on dialogues that the search has not seen."""
