"""Stage optimize: the search over prompts."""
