"""What the web and the workers may do in the database: read and write rows, never undo what freezes them."""

from __future__ import annotations

from typing import Any

from django.db import connection
from psycopg import sql

# For whoever reads and writes rows: no TRUNCATE, which no trigger of a row sees, no TRIGGER, no REFERENCES.
ROWS = "SELECT, INSERT, UPDATE, DELETE"
# What each sentence finds is a right too many: superusers and owners pass the freeze.
TOO_STRONG = {
    "superuser": "SELECT rolsuper FROM pg_roles WHERE rolname = current_user",
    "owner": """
        SELECT EXISTS (
            SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
                AND pg_has_role(current_user, relowner, 'USAGE')
        )
    """,
    "truncate": """
        SELECT coalesce(bool_or(has_table_privilege(current_user, oid, 'TRUNCATE, TRIGGER')), FALSE)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    """,
}


def grant(role: str, password: str) -> None:
    """Make the role of the web and the workers, or bring its rights up to date; run after each migration, as owner."""
    name, secret = sql.Identifier(role), sql.Literal(password)
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            run(cursor, "CREATE ROLE {}", name)
        run(
            cursor,
            "ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD {}",
            name,
            secret,
        )
        run(
            cursor,
            "GRANT CONNECT ON DATABASE {} TO {}",
            sql.Identifier(connection.settings_dict["NAME"]),
            name,
        )
        run(cursor, "GRANT USAGE ON SCHEMA public TO {}", name)
        run(cursor, "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}", name)
        run(cursor, f"GRANT {ROWS} ON ALL TABLES IN SCHEMA public TO {{}}", name)
        run(cursor, "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {}", name)
        run(cursor, "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}", name)


def run(cursor: Any, statement: str, *parts: sql.Composable) -> None:
    cursor.execute(sql.SQL(statement).format(*parts).as_string(connection.connection))


def excess() -> list[str]:
    """Return which rights the role of this process has that it should not: keys of ``TOO_STRONG``."""
    found = []
    with connection.cursor() as cursor:
        for right, question in TOO_STRONG.items():
            cursor.execute(question)
            if cursor.fetchone()[0]:
                found.append(right)
    return found
