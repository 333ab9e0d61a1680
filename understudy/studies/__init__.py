"""Studies: what is done with profiled humans beside the nightly way: audit, comparison, evaluation, lineage, doses, estimates."""
