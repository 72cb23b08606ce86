"""The store on PostgreSQL: many processes, on any number of machines."""
