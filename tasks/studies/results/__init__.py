"""What the commands beside the stages answer, as types: one file for each kind of study."""
