"""Stage publish: a batch that passed, as a release."""
