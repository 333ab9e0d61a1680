"""The experiment that arXiv 2607.00010 reports, under its own names: five tasks, prompt settings, optimizers and figures.

A user has a history of rated titles; a setting says what of it the prompt tells; a task asks one thing and reads one reply in plain
words. The model's replies to the places of a split are held against the humans' side of the same places, by the same instruments.
"""
