"""Prompt: the genome, the settings it starts from, and the way from it to messages and from a reply to speech."""
