"""The parts of `make bench-search`: world and meter, the optimizers behind one face, indicators and pictures."""
