"""Instruments read a seeker's words, the same for humans and simulators. Each has a VERSION, lexicons a digest over their words."""
