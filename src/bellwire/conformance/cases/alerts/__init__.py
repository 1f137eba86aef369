"""Cases of Alerts, in the order of the documents."""
