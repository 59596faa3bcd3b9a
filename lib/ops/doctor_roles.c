/*
 * The doctor on the roles of the application: privileges are not carried over, and one that is
 * missing on the standby is met in the night in which that becomes the active database.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/query.h"
#include "ops/doctor_server.h"

#define NAMED 5

static const char *const right_names[RIGHT_COUNT] = {"SELECT", "INSERT", "UPDATE", "DELETE",
                                                     "USAGE of sequences"};

/*
 * Rows (role, of the application?, number of the right, on how many it has it, on how many not).
 * Without USAGE of the schema a role has nothing of its rights on what is in it. Each role is tried
 * on each table: where there are very many roles, nobody is made to wait for that.
 */
const char doctor_roles_sql[] =
    "SELECT m.rolname, m.application, m.nr, count(*) FILTER (WHERE m.may),"
    " count(*) FILTER (WHERE NOT m.may) FROM (SELECT r.rolname, p.nr,"
    " r.rolcanlogin AND NOT r.rolsuper AND r.rolname <> current_user AS application,"
    " has_schema_privilege(r.rolname, n.nspname, 'USAGE') AND CASE WHEN c.relkind = 'S'"
    " THEN has_sequence_privilege(r.rolname, c.oid, p.name)"
    " ELSE has_table_privilege(r.rolname, c.oid, p.name) END AS may"
    " FROM pg_catalog.pg_roles r CROSS JOIN (VALUES (0, 'SELECT'), (1, 'INSERT'), (2, 'UPDATE'),"
    " (3, 'DELETE'), (4, 'USAGE')) AS p (nr, name) CROSS JOIN pg_catalog.pg_class c"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'S')"
    " AND (c.relkind = 'S') = (p.name = 'USAGE') AND r.rolname !~ '^pg_'"
    " AND (SELECT count(*) FROM pg_catalog.pg_roles) <= 200) AS m"
    " GROUP BY m.rolname, m.application, m.nr ORDER BY m.rolname, m.nr";

void doctor_read_roles(struct doctor_facts *facts, const struct result *answer)
{
    size_t rows = result_rows(answer);

    facts->roles = mem_array(NULL, rows + 1, sizeof *facts->roles);
    for (size_t i = 0; i < rows; i++) {
        const char *name = result_text(answer, i, 0);
        int64_t right = result_int(answer, i, 2);
        if (i == 0 || strcmp(facts->roles[facts->role_count - 1].name, name) != 0)
            facts->roles[facts->role_count++] = (struct doctor_role){
                .name = mem_strdup(name), .application = result_bool(answer, i, 1)};
        struct doctor_role *role = &facts->roles[facts->role_count - 1];
        if (right < 0 || right >= RIGHT_COUNT)
            continue;
        role->may[right] = result_int(answer, i, 3);
        role->may_not[right] = result_int(answer, i, 4);
    }
}

static const struct doctor_role *find(const struct doctor_facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->role_count; i++)
        if (strcmp(facts->roles[i].name, name) == 0)
            return &facts->roles[i];
    return NULL;
}

static bool may_anything(const struct doctor_role *role)
{
    for (int right = 0; right < RIGHT_COUNT; right++)
        if (role->may[right] > 0)
            return true;
    return false;
}

/* Adds what the role has on the active alone; false when that is nothing. What the standby lacks
 * of tables is the matter of the schema. */
static bool add_missing(const struct doctor_role *active, const struct doctor_role *standby,
                        struct buf *text)
{
    size_t before = text->len;

    if (!standby) {
        buf_addf(text, "%s (there is no such role)", active->name);
        return true;
    }
    for (int right = 0; right < RIGHT_COUNT; right++) {
        if (active->may[right] == 0 || standby->may_not[right] <= active->may_not[right])
            continue;
        if (text->len == before)
            buf_addf(text, "%s (%s", active->name, right_names[right]);
        else
            buf_addf(text, ", %s", right_names[right]);
    }
    if (text->len == before)
        return false;
    buf_addch(text, ')');
    return true;
}

void doctor_judge_roles(const struct doctor_facts *active, const struct doctor_facts *standby,
                        struct findings *findings)
{
    struct buf text = BUF_INIT;
    size_t lacking = 0;

    if (active->role_count == 0 || standby->role_count == 0)
        return;
    for (size_t i = 0; i < active->role_count; i++) {
        const struct doctor_role *role = &active->roles[i];
        struct buf one = BUF_INIT;
        if (role->application && may_anything(role) &&
            add_missing(role, find(standby, role->name), &one) && lacking++ < NAMED)
            buf_addf(&text, "%s%s", text.len ? ", " : "", one.data);
        buf_release(&one);
    }
    if (lacking > NAMED)
        buf_addf(&text, " and %zu more", lacking - NAMED);
    if (lacking > 0)
        findings_add(findings, FINDING_WARNING, "rights",
                     "GRANT the same on the standby to those that the application needs, in a "
                     "transaction that begins with BEGIN READ WRITE (dbr(7), PRIVILEGES)",
                     "what roles may do on the active and not on the standby: %s", text.data);
    buf_release(&text);
}
