"""Stage profile: splits, contexts, anchors and instruments of a data set."""
