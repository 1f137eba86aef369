"""Cases of the transport, in the order of the documents."""
