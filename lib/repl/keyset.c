/* Keys in memory, then in an unlinked file: fixed headers followed by the texts. */
#include "repl/keyset.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/mem.h"

struct record {
    int64_t key_hash, row_hash, octets;
    uint64_t digest;
    uint32_t key_len;
    char kind, counts_as;
    bool conflict, kept;
};

void keyset_init(struct keyset *set, const char *dir)
{
    memset(set, 0, sizeof(*set));
    set->memory = (struct buf)BUF_INIT;
    set->chunk = (struct buf)BUF_INIT;
    set->fd = -1;
    set->dir = dir;
}

void keyset_release(struct keyset *set)
{
    buf_release(&set->memory);
    buf_release(&set->chunk);
    if (set->fd >= 0)
        close(set->fd);
    set->fd = -1;
    set->count = 0;
}

static bool open_spill(struct keyset *set, struct err *err)
{
    char *path = mem_printf("%s/keys.XXXXXX", set->dir);
    bool ok;

    set->fd = mkostemp(path, O_CLOEXEC);
    ok = set->fd >= 0;
    if (!ok)
        err_set_errno(err, ERR_FAILED, errno, "cannot create a temporary file in %s", set->dir);
    else
        unlink(path);
    free(path);
    return ok;
}

static bool spill(struct keyset *set, struct err *err)
{
    size_t done = 0;

    if (set->fd < 0 && !open_spill(set, err))
        return false;
    while (done < set->memory.len) {
        ssize_t n = pwrite(set->fd, set->memory.data + done, set->memory.len - done,
                           (off_t)(set->spilled + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            err_set_errno(err, ERR_FAILED, n < 0 ? errno : ENOSPC,
                          "cannot write a temporary file in %s", set->dir);
            return err_hint(err, "make room on that disk; nothing was changed in either database");
        }
        done += (size_t)n;
    }
    set->spilled += set->memory.len;
    buf_reset(&set->memory);
    return true;
}

bool keyset_add(struct keyset *set, const struct key_item *item, struct err *err)
{
    struct record record;

    memset(&record, 0, sizeof(record));
    record.key_hash = item->key_hash;
    record.row_hash = item->row_hash;
    record.octets = item->octets;
    record.digest = item->digest;
    record.key_len = (uint32_t)item->key_len;
    record.kind = item->kind;
    record.counts_as = item->counts_as;
    record.conflict = item->conflict;
    record.kept = item->kept;
    buf_add(&set->memory, &record, sizeof(record));
    buf_add(&set->memory, item->key, item->key_len);
    set->count++;
    return set->memory.len < KEYSET_MEMORY || spill(set, err);
}

void keyset_rewind(struct keyset *set)
{
    set->read_at = 0;
    set->chunk_at = 0;
    buf_reset(&set->chunk);
}

/* Makes `need` bytes at read_at available; returns where they are, NULL on a read error. */
static const char *bytes_at(struct keyset *set, size_t need, struct err *err)
{
    size_t got;

    if (set->read_at >= set->spilled)
        return set->memory.data + (set->read_at - set->spilled);
    if (set->read_at >= set->chunk_at && set->read_at + need <= set->chunk_at + set->chunk.len)
        return set->chunk.data + (set->read_at - set->chunk_at);
    buf_reset(&set->chunk);
    buf_grow(&set->chunk, need > KEYSET_MEMORY ? need : KEYSET_MEMORY);
    set->chunk_at = set->read_at;
    got = set->spilled - set->read_at;
    if (got > set->chunk.cap - 1)
        got = set->chunk.cap - 1;
    while (set->chunk.len < got) {
        ssize_t n = pread(set->fd, set->chunk.data + set->chunk.len, got - set->chunk.len,
                          (off_t)(set->chunk_at + set->chunk.len));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            err_set_errno(err, ERR_FAILED, n < 0 ? errno : EIO,
                          "cannot read a temporary file in %s", set->dir);
            return NULL;
        }
        set->chunk.len += (size_t)n;
    }
    return set->chunk.data;
}

bool keyset_next(struct keyset *set, struct key_item *item, bool *end, struct err *err)
{
    struct record record;
    const char *at;

    *end = set->read_at >= set->spilled + set->memory.len;
    if (*end)
        return false;
    at = bytes_at(set, sizeof(record), err);
    if (!at)
        return false;
    memcpy(&record, at, sizeof(record));
    at = bytes_at(set, sizeof(record) + record.key_len, err);
    if (!at)
        return false;
    item->key_hash = record.key_hash;
    item->row_hash = record.row_hash;
    item->octets = record.octets;
    item->digest = record.digest;
    item->kind = record.kind;
    item->counts_as = record.counts_as;
    item->conflict = record.conflict;
    item->kept = record.kept;
    item->key_len = record.key_len;
    item->key = at + sizeof(record);
    set->read_at += sizeof(record) + record.key_len;
    return true;
}

const char *key_item_text(const struct key_item *item, size_t i)
{
    const char *text = item->key;

    while (i-- > 0)
        text += strlen(text) + 1;
    return text;
}

int key_item_compare(const struct key_item *a, const struct key_item *b, size_t width)
{
    const char *x = a->key;
    const char *y = b->key;

    if (a->key_hash != b->key_hash)
        return a->key_hash < b->key_hash ? -1 : 1;
    while (width-- > 0) {
        int order = strcmp(x, y);

        if (order)
            return order;
        x += strlen(x) + 1;
        y += strlen(y) + 1;
    }
    return 0;
}
