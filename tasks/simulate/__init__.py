"""Stage simulate: a batch of dialogues with one prompt."""
