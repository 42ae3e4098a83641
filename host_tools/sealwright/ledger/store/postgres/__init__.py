"""The ledger's database on a PostgreSQL server, by psycopg 3: the extra `postgres`, imported where it is used."""
