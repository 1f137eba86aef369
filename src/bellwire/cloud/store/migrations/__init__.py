"""The steps that bring an older file to the schema of this version; Alembic runs them when a store is opened."""
