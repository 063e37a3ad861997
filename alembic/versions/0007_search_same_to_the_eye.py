"""Normalizes text for search: composed accents, typographic marks, blanks of any kind.

Revision: 0007.

Stored search text is folded again. data/folding.py has the same rules in Python.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NOTHING = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
SPACES = r"\t-\r\u001c-\u001f\u0085\u1680\u2028\u2029"
APOSTROPHES = (
    r"\u00b4\u02b9\u02bb-\u02bd\u02c8\u02ca\u02cb\u0374\u0384\u05f3\u1fbd\u1fbf\u1fef\u1ffd"
    r"\u1ffe\u2018-\u201b\u2032\u2035\u2039\u203a\u275b\u275c\ua78b\ua78c\uff07"
)
QUOTES = (
    r"\u00ab\u00bb\u02ba\u02ee\u05f4\u201c-\u201f\u2033\u2034\u2036\u2037\u2057\u275d\u275e"
    r"\u301d-\u301f\uff02"
)
DASHES = (
    r"\u02d7\u058a\u05be\u1806\u2010-\u2015\u2043\u207b\u208b\u2212\u2e3a\u2e3b\u2e40\u301c"
    r"\u3030\ufe31\ufe32\ufe58\ufe63\uff0d"
)
# Characters that ICU's lower() leaves. A private-use character protects the dotted capital I.
LEFT = (
    r"\00B5\017F\0345\03C2\03D0\03D1\03D5\03D6\03F0\03F1\03F5\1C80\1C81\1C82\1C83\1C84\1C85"
    r"\1C86\1C87\1C88\1E9B\1FBE"
)
LEFT_FOLDED = (
    r"\03BCs\03B9\03C3\03B2\03B8\03C6\03C0\03BA\03C1\03B5\0432\0434\043E\0441\0442\0442\044A"
    r"\0463\A64B\1E61\03B9"
)
LEFT_CLASS = (
    r"\u00b5\u017f\u0345\u03c2\u03d0\u03d1\u03d5\u03d6\u03f0\u03f1\u03f5\u1c80-\u1c88\u1e9b"
    r"\u1fbe\ue130"
)
# Marks are replaced before NFKC, which would decompose some of them. A regular expression without
# a match takes a tenth of the time of translate().
FOLD_ANY = rf"""
CREATE OR REPLACE FUNCTION ticket_fold_any(source text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  folded text := source;
BEGIN
  folded := regexp_replace(folded, '[{NOTHING}]+', '', 'g');
  folded := regexp_replace(folded, '\r\n|[{SPACES}]', ' ', 'g');
  folded := regexp_replace(folded, '[{APOSTROPHES}]', '''', 'g');
  folded := regexp_replace(folded, '[{QUOTES}]', '"', 'g');
  folded := regexp_replace(folded, '[{DASHES}]', '-', 'g');
  folded := normalize(folded, NFKC);
  folded := lower(translate(folded, U&'\03A3\0130', U&'\03C3\E130') COLLATE "und-x-icu");
  IF folded ~ '[{LEFT_CLASS}]' THEN
    folded := translate(folded, U&'{LEFT}\E130', U&'{LEFT_FOLDED}\0130');
  END IF;
  RETURN folded;
END
$$
"""
# Most texts are ASCII. The function is not STRICT, because PostgreSQL inlines it only then.
FOLD = r"""
CREATE OR REPLACE FUNCTION ticket_fold(source text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN octet_length(source) = length(source)
  THEN lower(regexp_replace(source, '\r\n|[\t-\r\u001c-\u001f]', ' ', 'g') COLLATE "C")
  ELSE ticket_fold_any(source) END
$$
"""
FOLD_ANY_AS_BEFORE = rf"""
CREATE OR REPLACE FUNCTION ticket_fold_any(source text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT translate(
    lower(translate(source, U&'\03A3\0130', U&'\03C3\E130') COLLATE "und-x-icu"),
    U&'{LEFT}', U&'{LEFT_FOLDED}')
$$
"""
FOLD_AS_BEFORE = """
CREATE OR REPLACE FUNCTION ticket_fold(source text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN octet_length(source) = length(source) THEN lower(source COLLATE "C")
  ELSE ticket_fold_any(source) END
$$
"""
# ALTER TABLE rewrites the table and its indexes in one pass, without dead rows or triggers.
FOLD_ANEW_ON_POSTGRESQL = """
ALTER TABLE ticket ALTER COLUMN folded TYPE text
USING ticket_fold(title) || chr(31) || ticket_fold(description)
"""
FOLD_ANEW_ON_SQLITE = """
INSERT INTO ticket_text (rowid, title, description)
SELECT id, ticket_fold(title), ticket_fold(description) FROM ticket
"""


def upgrade() -> None:
    """Replaces the folding, and folds stored text again."""
    _fold_by(FOLD_ANY, FOLD)


def downgrade() -> None:
    """Restores the older folding; on SQLite the older code does that."""
    _fold_by(FOLD_ANY_AS_BEFORE, FOLD_AS_BEFORE)


def _fold_by(*functions: str) -> None:
    execute = op.get_bind().exec_driver_sql
    if op.get_bind().dialect.name == "sqlite":
        execute("DELETE FROM ticket_text")
        execute(FOLD_ANEW_ON_SQLITE)
        return
    for function in functions:
        execute(function)
    execute("SET LOCAL maintenance_work_mem = '256MB'")
    execute(FOLD_ANEW_ON_POSTGRESQL)
