"""Evaluate: recommenders judged by the dialogues that simulated seekers held with them."""
