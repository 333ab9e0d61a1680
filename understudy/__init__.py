"""understudy: simulated seekers for conversational recommender systems, tuned until they behave as the humans in the logs do.

This package is the domain. It knows nothing of Prefect; every effect sits behind `understudy.doors`.
"""

__version__ = "0.1.0"
