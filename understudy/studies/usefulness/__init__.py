"""TSTR: what a release is worth to those who train on it. Small models learn from synthetic dialogues and are tested on human ones."""
