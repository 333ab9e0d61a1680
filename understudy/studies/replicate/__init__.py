"""The paper's experiment as a report: its table with our figures beside it, pictures, costs and caveats."""
