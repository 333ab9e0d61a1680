"""Stage play: prompts played and measured, and the models that play them."""
