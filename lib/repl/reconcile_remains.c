/* What a run that was broken off has left (repl/keys_off.h), and what this one leaves. */
#include "base/log.h"
#include "repl/keys_off.h"
#include "repl/reconcile_internal.h"

void reconcile_put_source_keys_back(const struct reconciliation *r)
{
    struct conn *conn = NULL;
    struct err why = ERR_INIT;

    if (!r->session.off[SOURCE].keys)
        return;
    if (!conn_clone(r->session.conns[SOURCE], &conn, &why) || !keys_off_put_back(conn, NULL, &why))
        log_warn("%s", why.message);
    conn_close(conn);
}

void reconcile_want_rows_back(struct reconciliation *r)
{
    const struct strlist *out = &r->session.off[TARGET].rows;
    size_t i;

    for (i = 0; i < out->count; i++)
        if (!strlist_has(&r->complete, out->items[i]))
            strlist_add(&r->complete, out->items[i]);
}

/*
 * On the target everything that was compared is there now. On a source that was the target of a
 * broken-off run, and has become the active database since, what was out is out for good, as the
 * user was told.
 */
static void forget_rows_out(const struct reconciliation *r, enum side side)
{
    const struct strlist *out = &r->session.off[side].rows;
    struct conn *conn = NULL;
    struct err why = ERR_INIT;
    size_t i;

    if (out->count == 0)
        return;
    if (!conn_clone(r->session.conns[side], &conn, &why)) {
        log_warn("%s", why.message);
        return;
    }
    for (i = 0; i < out->count; i++) {
        size_t at = pairings_index(&r->pairs, out->items[i]);

        if (at < r->pairs.count && pairing_active(&r->pairs.items[at]) &&
            !rows_out_forget(conn, out->items[i], &why))
            log_warn("%s", why.message);
    }
    conn_close(conn);
}

static void tell_rows_out(struct conn *target)
{
    struct strlist keys = STRLIST_INIT;
    struct strlist tables = STRLIST_INIT;
    struct err ignored = ERR_INIT;
    size_t i;

    (void)keys_off_list(target, &keys, &tables, &ignored);
    for (i = 0; i < tables.count; i++)
        log_warn("rows of table %s are missing on the %s until the next sync: they were to be "
                 "replaced",
                 tables.items[i], conn_role(target));
    strlist_release(&keys);
    strlist_release(&tables);
}

void reconcile_forget_rows_out(const struct reconciliation *r)
{
    forget_rows_out(r, TARGET);
    forget_rows_out(r, SOURCE);
}

void reconcile_put_keys_back(const struct reconciliation *r)
{
    struct conn *target = r->session.conns[TARGET];
    struct err ignored = ERR_INIT;

    if (!r->piecemeal || (!r->keys_off && r->replaced.count == 0) || !target ||
        !conn_alive(target) || !weather_settle(target, &ignored))
        return;
    if (!keys_off_put_back(target, &r->session.models[SOURCE], &ignored))
        log_debug("%s", ignored.message);
    tell_rows_out(target);
}
