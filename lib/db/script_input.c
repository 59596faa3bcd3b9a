/* Reads an SQL file through one buffer, which grows only for a token or statement that needs it. */
#include "db/script_input.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc.h"
#include "base/mem.h"

#define BUFFER_SIZE ((size_t)128 * 1024)

void script_input_init(struct script_input *in, script_source source, void *context)
{
    *in = (struct script_input){.source = source, .context = context, .line = 1};
    in->cap = BUFFER_SIZE;
    in->data = mem_alloc(in->cap + 1);
}

void script_input_release(struct script_input *in)
{
    free(in->data);
    in->data = NULL;
}

void script_input_sum(struct script_input *in, size_t until)
{
    if (until <= in->summed)
        return;
    in->crc = crc_add(in->crc, in->data + in->summed, until - in->summed);
    in->bytes += (int64_t)(until - in->summed);
    in->summed = until;
}

static void drop_before_start(struct script_input *in)
{
    size_t gone = in->start;
    if (gone == 0)
        return;
    script_input_sum(in, gone);
    memmove(in->data, in->data + gone, in->end - gone);
    in->start = 0;
    in->pos -= gone;
    in->end -= gone;
    in->summed -= gone;
}

/* Room for want more bytes; what a long statement took is given back behind it. */
static void make_room(struct script_input *in, size_t want)
{
    size_t cap = in->cap;
    if (cap > 4 * BUFFER_SIZE && in->end + want <= BUFFER_SIZE)
        cap = BUFFER_SIZE;
    while (cap - in->end < want)
        cap *= 2;
    if (cap != in->cap) {
        in->data = mem_realloc(in->data, cap + 1);
        in->cap = cap;
    }
}

bool script_input_fill(struct script_input *in, size_t want, struct err *err)
{
    drop_before_start(in);
    if (in->end >= STATEMENT_MAX)
        return err_set_hint(err, ERR_REFUSED,
                            "see that the file is whole: a quote that is not closed makes all that "
                            "follows one string",
                            "line %lld: a statement, comment or quoted string of more than %zu MiB",
                            (long long)in->line, STATEMENT_MAX >> 20);
    make_room(in, want);
    for (size_t had = in->end; !in->final && in->end - had < want;) {
        size_t len = 0;
        char *fresh = in->data + in->end;
        if (!in->source(in->context, fresh, in->cap - in->end, &len, err))
            return false;
        const char *nul = memchr(fresh, '\0', len);
        in->end += nul ? (size_t)(nul - fresh) : len;
        in->nul = nul != NULL;
        in->final = nul || len == 0;
    }
    return true;
}

void script_input_skip(struct script_input *in, size_t len)
{
    const char *p = in->data + in->pos;
    const char *end = p + len;
    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        p++;
        in->line++;
    }
    in->pos += len;
}

bool script_input_check_nul(const struct script_input *in, struct err *err)
{
    int64_t line = in->line;
    const char *p = in->data + in->pos;
    const char *end = in->data + in->end;
    if (!in->nul)
        return true;
    while ((p = memchr(p, '\n', (size_t)(end - p)))) {
        p++;
        line++;
    }
    return err_set_hint(err, ERR_REFUSED,
                        "take another copy of the file; where it was made by pg_dump -Fc, convert "
                        "it: pg_restore -f - FILE",
                        "line %lld: a NUL byte: this is no SQL text", (long long)line);
}
