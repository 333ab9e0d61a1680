"""Profile: what the human dialogues of a data set say about its seekers, and which of them may be used for what.

Stands between ingest and play. `splits` assigns every dialogue to one split, `needs` tells what a seeker wants without
the label at stake, `contexts` finds the points at which a simulator takes over, `leaks` which of them give their item away,
`talk` what a dialogue says where no form does, `telling` what was disclosed when and how seekers talk, `rows` makes the rows of the schema.
"""

from understudy.instruments import wishes
from understudy.profile import contexts, leaks, splits, talk, telling

VERSION = 3

# every version that shapes the rows of a profile
VERSIONS = {
    "splits": splits.VERSION, "division": splits.DIVISION, "contexts": contexts.VERSION, "leaks": leaks.VERSION,
    "telling": telling.VERSION, "talk": talk.VERSION, "wishes": wishes.VERSION,
}  # fmt: skip
