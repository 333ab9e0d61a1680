"""Studies: what is done with a profiled data set beside the nightly way."""
