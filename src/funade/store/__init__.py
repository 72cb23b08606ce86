"""The ledger on SQL: rows, transactions, migrations; and the logs of executions in files."""
