"""The command `replicate`: the paper's experiment, cell by cell. A cell that is done is a row, so a killed run goes on where it was."""
