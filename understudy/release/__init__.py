"""Release: gates, licences, cards and the published training set itself."""
