/* Array literals, {1,"a b",NULL}, and those of composite values, (1,"a b",). */
#include <string.h>

#include "base/buf.h"
#include "db/canonical_internal.h"

struct literal {
    const char *p, *end;
    struct buf item; /* an element without its quotes */
};

/* Up to a stop outside of quotes, into l->item; *quoted tells "" from nothing. A doubled quote is
 * one, as composite values have it. */
static bool scan_item(struct literal *l, const char *stops, bool *quoted)
{
    bool inside = false;

    *quoted = false;
    buf_reset(&l->item);
    for (; l->p < l->end; l->p++) {
        if (*l->p == '\\') {
            if (++l->p == l->end)
                return false;
        } else if (*l->p == '"') {
            if (inside && l->p + 1 < l->end && l->p[1] == '"') {
                l->p++;
            } else {
                *quoted = true;
                inside = !inside;
                continue;
            }
        } else if (!inside && strchr(stops, *l->p)) {
            return true;
        }
        buf_addch(&l->item, *l->p);
    }
    return false;
}

static uint64_t item_digest(const struct canonical *form, const struct literal *l, bool null)
{
    return canonical_digest(form, null ? NULL : l->item.data, l->item.len);
}

static bool is_null(const struct literal *l, bool quoted)
{
    return !quoted && l->item.len == 4 && !memcmp(l->item.data, "NULL", 4);
}

/* Braces are part of the digest, so that {{1},{2}} and {{1,2}} differ; where an array begins is
 * not: CockroachDB's all begin at 1. */
bool canonical_array(const struct canonical *form, const char *text, size_t len, uint64_t *digest)
{
    struct canonical element = *form;
    struct literal l = {text, text + len, BUF_INIT};
    struct siphash hash;
    size_t depth = 0;
    bool quoted;
    bool ok;

    element.array = false;
    if (len && *text == '[')
        l.p = memchr(text, '=', len) ? (const char *)memchr(text, '=', len) + 1 : l.end;
    ok = l.p < l.end && *l.p == '{';
    canonical_begin(&hash, '{');
    while (ok && l.p < l.end) {
        char c = *l.p;

        if (c == '{' || c == '}') {
            depth = c == '{' ? depth + 1 : depth - 1;
            siphash_add(&hash, &c, 1);
            l.p++;
            if (depth == 0)
                break;
        } else if (c == ',') {
            l.p++;
        } else {
            ok = scan_item(&l, ",}", &quoted);
            siphash_add(&hash, "e", 1);
            siphash_add_number(&hash, ok ? item_digest(&element, &l, is_null(&l, quoted)) : 0);
        }
    }
    buf_release(&l.item);
    *digest = siphash_end(&hash);
    return ok && depth == 0 && l.p == l.end;
}

bool canonical_record(const struct canonical *form, const char *text, size_t len, uint64_t *digest)
{
    struct literal l = {text + 1, text + len, BUF_INIT};
    struct siphash hash;
    size_t i;
    bool quoted;
    bool ok = len >= 2 && *text == '(' && text[len - 1] == ')';

    canonical_begin(&hash, '(');
    for (i = 0; ok && i < form->part_count; i++) {
        ok = scan_item(&l, i + 1 < form->part_count ? "," : ")", &quoted);
        if (!ok)
            break;
        siphash_add_number(&hash, item_digest(&form->parts[i], &l, !quoted && l.item.len == 0));
        l.p++;
    }
    buf_release(&l.item);
    *digest = siphash_end(&hash);
    return ok && l.p == l.end;
}
