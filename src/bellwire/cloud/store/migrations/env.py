"""What Alembic runs: the steps, on the connection that the opening store hands over, in its transaction."""

from alembic import context

from bellwire.cloud.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
