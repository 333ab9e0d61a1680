"""What a seeker does next, drawn from a policy fitted on human dialogues: its acts, whether it takes a suggestion, how much it tells.

A language model words what is planned; it decides nothing. The policy knows what a seeker knows at that point and no more.
"""

VERSION = 1
