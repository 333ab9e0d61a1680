"""Play: the simulated seeker's turns, replayed on human contexts or in free runs with a recommender."""
