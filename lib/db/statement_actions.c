/* The actions behind ALTER kind name, separated by commas. */
#include <string.h>

#include "db/statement_internal.h"

/* What stands in parentheses counts as one. */
static bool skip_one(struct reader *reader)
{
    if (reader_is_symbol(reader, '('))
        return reader_take_parens(reader, NULL);
    reader_next(reader);
    return true;
}

bool statement_is_hollow(struct reader reader)
{
    bool begins = true;

    if (!reader_take(&reader, "AS") || !reader_take(&reader, "SELECT"))
        return false;
    if (reader_at_end(&reader))
        return true;
    while (!reader_at_end(&reader)) {
        if (begins != reader_is(&reader, "NULL") || reader_is(&reader, "FROM"))
            return false;
        begins = reader_is_symbol(&reader, ',');
        if (!skip_one(&reader))
            return false;
    }
    return !begins;
}

/* Whether one of the actions takes away a constraint, a column or a default. */
bool statement_actions_drop(struct reader reader)
{
    for (bool begins = true; !reader_at_end(&reader);) {
        if (begins && reader_is(&reader, "DROP"))
            return true;
        if (begins && reader_take(&reader, "ALTER")) {
            reader_take(&reader, "COLUMN");
            reader_next(&reader); /* its name */
            if (reader_take(&reader, "DROP DEFAULT"))
                return true;
        }
        begins = reader_is_symbol(&reader, ',');
        if (!skip_one(&reader))
            return false;
    }
    return false;
}

/* Behind ALTER [COLUMN] name. A new type would change the rows. */
static bool take_column_action(struct reader *reader)
{
    reader_take(reader, "COLUMN");
    reader_next(reader); /* its name, or the number of an index column */
    return reader_take(reader, "SET DEFAULT") || reader_take(reader, "DROP DEFAULT") ||
           reader_take(reader, "SET NOT NULL") || reader_take(reader, "DROP NOT NULL") ||
           reader_take(reader, "SET STATISTICS") || reader_take(reader, "SET STORAGE") ||
           reader_take(reader, "SET COMPRESSION") || reader_take(reader, "ADD GENERATED") ||
           reader_take(reader, "OPTIONS") ||
           (reader_take(reader, "SET") && reader_is_symbol(reader, '('));
}

/* What dumps change of an object that is there: nothing that touches rows, names or types. */
static bool take_action(struct reader *reader)
{
    static const char *const actions[] = {
        "ADD CONSTRAINT",
        "ADD PRIMARY KEY",
        "ADD UNIQUE",
        "ADD FOREIGN KEY",
        "ADD CHECK",
        "ADD NOT NULL",
        "ADD OPERATOR",
        "ADD FUNCTION",
        "ADD MAPPING",
        "ADD VALUE",
        "DROP CONSTRAINT",
        "DROP COLUMN",
        "ATTACH PARTITION",
        "INHERIT",
        "CLUSTER ON",
        "REPLICA IDENTITY",
        "ENABLE",
        "DISABLE",
        "FORCE ROW LEVEL",
        "NO FORCE ROW",
        "VALIDATE CONSTRAINT",
        "ALTER CONSTRAINT",
        "OWNED BY",
        "SET STATISTICS",
        "SET LOGGED",
        "SET UNLOGGED",
        "SET WITHOUT CLUSTER",
        "SET ACCESS METHOD",
        "SET TABLESPACE",
        "DEPENDS ON EXTENSION",
        "NO DEPENDS ON",
        "RESTART",
        "OPTIONS",
        "OF",
        "ADD GENERATED",
    };
    struct reader walk = *reader;
    if (reader_take(&walk, "ALTER") && !reader_is(&walk, "CONSTRAINT"))
        return take_column_action(&walk);
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (reader_take(reader, actions[i]))
            return true;
    return reader_take(reader, "SET") && reader_is_symbol(reader, '(');
}

/* Every action, up to the comma behind it. */
bool statement_actions_are_known(struct reader reader, const char *object)
{
    /* An operator family is given its members in a list of another form. */
    if (reader_is(&reader, "ADD") && strcmp(object, "OPERATOR FAMILY") == 0)
        return true;
    do {
        if (!take_action(&reader))
            return false;
        while (!reader_at_end(&reader) && !reader_is_symbol(&reader, ','))
            if (!skip_one(&reader))
                return false;
    } while (reader_take_symbol(&reader, ','));
    return reader_at_end(&reader);
}
