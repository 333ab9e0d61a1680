"""Stage validate: a batch against the gates."""
