"""What the cloud remembers: its tables, the transactions on them, and the engine that makes them durable."""
