r"""Adds what people are found by: the beginnings of words of their names, and their addresses.

Revision: 0022.

A search is one range of an index, however many people there are. A term is folded as the search of
tickets folds its texts. A word begins at the start of the name, and after one of AROUND_WORDS.
"""

import sqlalchemy as sa

from alembic import op
from ticket_app.data.types import BigId

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

LONGEST = 254
AROUND_WORDS = " '\".,()/&_-"
SEPARATORS = f"""'{AROUND_WORDS.replace("'", "''")}'"""
PLACES = 100
"""Characters of a name in which a word may begin. Folding may make a name longer than this."""
NUMBERS = ",".join(map(str, range(1, PLACES + 1)))

FIRST_OF_WORD = f"""
(place = 1 OR {{at}}({SEPARATORS}, substr(folded, place, 1)) = 0
 AND {{at}}({SEPARATORS}, substr(folded, place - 1, 1)) > 0)
"""
"""The condition that a word begins at a place of a folded name, for either dialect."""

# LIMIT keeps SQLite from folding the name again for each place.
TERMS_ON_SQLITE = f"""
SELECT substr(folded, place, {LONGEST}), id
FROM (SELECT {{id}} AS id, ticket_fold({{name}}) AS folded {{source}} LIMIT -1),
  (SELECT value AS place FROM json_each('[{NUMBERS}]'))
WHERE place <= length(folded) AND {FIRST_OF_WORD.format(at="instr")}
{{union}} SELECT substr(address, 1, {LONGEST}), id
FROM (SELECT {{id}} AS id, ticket_fold({{email}}) AS address {{source}}) WHERE address <> ''
{{union}} SELECT substr(address, instr(address, '@') + 1, {LONGEST}), id
FROM (SELECT {{id}} AS id, ticket_fold({{email}}) AS address {{source}})
WHERE address LIKE '%@_%'
"""
ADD_ON_SQLITE = "INSERT INTO person_term (term, person_id) " + TERMS_ON_SQLITE.format(
    id="NEW.id", name="NEW.name", email="NEW.email", source="", union="UNION"
)
FILL_ON_SQLITE = "INSERT OR IGNORE INTO person_term (term, person_id) " + TERMS_ON_SQLITE.format(
    id="id", name="name", email="email", source="FROM person", union="UNION ALL"
)
ON_SQLITE = (
    f"CREATE TRIGGER person_terms_added AFTER INSERT ON person BEGIN {ADD_ON_SQLITE}; END",
    f"""
CREATE TRIGGER person_terms_changed AFTER UPDATE OF name, email ON person
WHEN NEW.name IS NOT OLD.name OR NEW.email IS NOT OLD.email
BEGIN
  DELETE FROM person_term WHERE person_id = NEW.id;
  {ADD_ON_SQLITE};
END
""",
    """
CREATE TRIGGER person_terms_removed AFTER DELETE ON person
BEGIN DELETE FROM person_term WHERE person_id = OLD.id; END
""",
    FILL_ON_SQLITE,
)
# The body is a loop over words, because a query over places takes five times as long.
TERMS_ON_POSTGRESQL = f"""
CREATE FUNCTION person_terms(name text, email text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  folded CONSTANT text := ticket_fold(name);
  address CONSTANT text := ticket_fold(email);
  terms text[] := ARRAY[left(folded, {LONGEST})];
  place int := 1;
  word text;
BEGIN
  FOREACH word IN ARRAY
    string_to_array(translate(folded, {SEPARATORS}, '{" " * len(AROUND_WORDS)}'), ' ')
  LOOP
    IF word <> '' AND place BETWEEN 2 AND {PLACES} THEN
      terms := terms || substr(folded, place, {LONGEST});
    END IF;
    place := place + length(word) + 1;
  END LOOP;
  IF address <> '' THEN
    terms := terms || left(address, {LONGEST});
  END IF;
  IF address LIKE '%@_%' THEN
    terms := terms || substr(address, strpos(address, '@') + 1, {LONGEST});
  END IF;
  RETURN terms;
END
$$
"""
ON_POSTGRESQL = (
    TERMS_ON_POSTGRESQL,
    """
CREATE FUNCTION person_keep_terms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    DELETE FROM person_term WHERE person_id = OLD.id;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO person_term (term, person_id)
    SELECT DISTINCT term, NEW.id FROM unnest(person_terms(NEW.name, NEW.email)) AS term;
  END IF;
  RETURN NULL;
END
$$
""",
    """
CREATE TRIGGER person_terms_kept AFTER INSERT OR DELETE ON person
FOR EACH ROW EXECUTE FUNCTION person_keep_terms()
""",
    """
CREATE TRIGGER person_terms_changed AFTER UPDATE OF name, email ON person
FOR EACH ROW WHEN (NEW.name IS DISTINCT FROM OLD.name OR NEW.email IS DISTINCT FROM OLD.email)
EXECUTE FUNCTION person_keep_terms()
""",
    """
INSERT INTO person_term (term, person_id)
SELECT DISTINCT term, person.id
FROM person CROSS JOIN LATERAL unnest(person_terms(person.name, person.email)) AS term
""",
)


def upgrade() -> None:
    """Creates the table of terms, fills it, and keeps it by triggers."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    length = sa.CheckConstraint(f"length(term) BETWEEN 1 AND {LONGEST}", name="person_term_length")
    no_nul = sa.CheckConstraint("instr(term, char(0)) = 0", name="person_term_term_no_nul")
    op.create_table(
        "person_term",
        sa.Column("term", sa.Text(collation=None if on_sqlite else "C"), primary_key=True),
        sa.Column("person_id", BigId, primary_key=True, autoincrement=False),
        *((length, no_nul) if on_sqlite else (length,)),
        sqlite_strict=True,
    )
    for statement in ON_SQLITE if on_sqlite else ON_POSTGRESQL:
        op.execute(statement)
    op.create_index("person_term_person", "person_term", ["person_id", "term"])
    op.execute("CREATE INDEX person_team ON person (role, id) WHERE role <> 'requester'")
    op.execute("CREATE INDEX person_inactive ON person (active, id) WHERE active = false")


def downgrade() -> None:
    """Drops it. People are searched one by one."""
    op.execute("DROP INDEX person_inactive")
    op.execute("DROP INDEX person_team")
    if op.get_bind().dialect.name == "sqlite":
        for trigger in ("added", "changed", "removed"):
            op.execute(f"DROP TRIGGER person_terms_{trigger}")
    else:
        op.execute("DROP TRIGGER person_terms_kept ON person")
        op.execute("DROP TRIGGER person_terms_changed ON person")
        op.execute("DROP FUNCTION person_keep_terms()")
        op.execute("DROP FUNCTION person_terms(text, text)")
    op.drop_table("person_term")
