/* The plan of an update, seen as what differs. */
#include "repl/drift.h"

#include "repl/schema_plan.h"

#define NAMED 8

static void add_objects(struct strlist *objects, const struct plan *plan)
{
    size_t i;

    for (i = 0; i < plan->statement_count; i++)
        if (!strlist_has(objects, plan->statements[i].object))
            strlist_add(objects, plan->statements[i].object);
}

void drift_find(struct drift *drift, const struct model *source, const struct model *target,
                const struct engine *engine)
{
    struct plan additions = PLAN_INIT;
    struct plan removals = PLAN_INIT;
    struct strlist tables = STRLIST_INIT;

    *drift = (struct drift){STRLIST_INIT, STRLIST_INIT};
    (void)plan_update(source, target, engine, &additions, &removals, &tables);
    add_objects(&drift->missing, &additions);
    add_objects(&drift->beyond, &removals);
    plan_release(&additions);
    plan_release(&removals);
    strlist_release(&tables);
}

bool drift_any(const struct drift *drift)
{
    return drift->missing.count > 0 || drift->beyond.count > 0;
}

void drift_add_names(struct buf *text, const struct strlist *objects, size_t most)
{
    size_t i;

    for (i = 0; i < objects->count && i < most; i++)
        buf_addf(text, "%s%s", i ? ", " : "", objects->items[i]);
    if (objects->count > most)
        buf_addf(text, " and %zu more", objects->count - most);
}

char *drift_text(const struct drift *drift, enum role source, enum role target, bool merge_due)
{
    struct buf text = BUF_INIT;

    if (!drift_any(drift))
        return NULL;
    buf_addf(&text, "the schema of the %s is not that of the %s: ", role_name(target),
             role_name(source));
    if (drift->missing.count) {
        buf_addf(&text, "the %s lacks, or has otherwise: ", role_name(target));
        drift_add_names(&text, &drift->missing, NAMED);
        buf_adds(&text, " (run the migration there as well, or dbr-init-secondary --update)");
    }
    if (drift->beyond.count) {
        buf_addf(&text,
                 "%sthe %s alone has, or has of another type: ", drift->missing.count ? "; " : "",
                 role_name(target));
        drift_add_names(&text, &drift->beyond, NAMED);
        buf_addf(&text, " (run the migration on the %s as well)", role_name(source));
    }
    if (merge_due)
        buf_adds(&text, "; columns, keys and tables only after the merge, which wants them as they "
                        "were at the failover: see \"A migration before the merge\" in dbr(7)");
    return buf_detach(&text);
}

void drift_release(struct drift *drift)
{
    strlist_release(&drift->missing);
    strlist_release(&drift->beyond);
}

bool drift_none(const struct model *source, const struct model *target, const struct engine *engine)
{
    struct drift drift;
    bool none;

    drift_find(&drift, source, target, engine);
    none = !drift_any(&drift);
    drift_release(&drift);
    return none;
}
