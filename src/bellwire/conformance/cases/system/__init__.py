"""Cases of System, in the order of the documents."""
