"""The way between a run and its workers, which play in other processes: the run alone opens the store and gives leases."""
