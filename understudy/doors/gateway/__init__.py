"""The gateway: everything about a model call, from its slot and its budget to its row in the ledger."""
