/* A proof as a file: a head, the sums, the bits, a checksum. It is read where it was written. */
#include "repl/proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "base/siphash.h"
#include "db/engine_dml.h"

#define MASK_MAX 0xffffff

struct head {
    char magic[12];
    uint32_t crc;       /* of all that follows */
    uint64_t signature; /* of the table as it was compared */
    int64_t mask;
};
static const char magic[12] = "dbr proof 1";

static size_t buckets(const struct proof *proof)
{
    return (size_t)proof->mask + 1;
}

static size_t known_bytes(const struct proof *proof)
{
    return (buckets(proof) + 7) / 8;
}

static char *path_of(const char *dir, const struct pairing *pair)
{
    struct siphash hash;

    siphash_init(&hash);
    siphash_add(&hash, pair->rows[SOURCE].schema, strlen(pair->rows[SOURCE].schema) + 1);
    siphash_add(&hash, pair->name, strlen(pair->name));
    return mem_printf("%s/proofs/%016llx", dir, (unsigned long long)siphash_end(&hash));
}

static void add_text(struct siphash *hash, const char *text)
{
    siphash_add(hash, text, strlen(text) + 1);
}

static int engine_of(const struct row_table *rows)
{
    return rows->dml == &cockroach_dml ? ENGINE_COCKROACH : ENGINE_POSTGRES;
}

/* Another column, type, key or version: the sums may be of something else. */
static uint64_t signature_of(const struct pairings *pairs, size_t pair)
{
    const struct row_table *rows = pairs->items[pair].rows;
    enum side side = engine_of(&rows[SOURCE]) == ENGINE_POSTGRES ? SOURCE : TARGET;
    struct siphash hash;
    size_t i;
    int n;

    siphash_init(&hash);
    for (n = 0; n < 2; n++, side = side == SOURCE ? TARGET : SOURCE) {
        const struct row_table *t = &rows[side];

        siphash_add_number(&hash, (uint64_t)pairs->models[side]->version);
        add_text(&hash, t->schema);
        add_text(&hash, t->table->name);
        for (i = 0; i < t->key_count; i++)
            add_text(&hash, t->keys[i]->name);
        for (i = 0; i < t->column_count; i++) {
            add_text(&hash, t->columns[i]->name);
            add_text(&hash, t->columns[i]->type);
            add_text(&hash, t->exchange[i].read);
        }
    }
    return siphash_end(&hash);
}

static bool read_file(const char *dir, const struct pairing *pair, struct buf *data)
{
    char *path = path_of(dir, pair);
    struct err ignored = ERR_INIT;
    bool ok = fsio_exists(path) &&
              fsio_read(path, (size_t)(MASK_MAX + 1) * 17 + sizeof(struct head), data, &ignored);

    free(path);
    return ok;
}

/* The head of a proof that is of this table and whole. */
static bool take_head(const struct pairings *pairs, size_t pair, const struct buf *data,
                      struct head *head)
{
    const size_t skip = offsetof(struct head, signature);

    if (data->len < sizeof(*head))
        return false;
    memcpy(head, data->data, sizeof(*head));
    return !memcmp(head->magic, magic, sizeof(magic)) && head->mask >= 0 &&
           head->mask <= MASK_MAX && head->signature == signature_of(pairs, pair) &&
           head->crc == crc_add(0, data->data + skip, data->len - skip);
}

int64_t proof_mask(const char *dir, const struct pairings *pairs, size_t pair)
{
    struct buf data = BUF_INIT;
    struct head head;
    int64_t mask = -1;

    if (read_file(dir, &pairs->items[pair], &data) && take_head(pairs, pair, &data, &head))
        mask = head.mask;
    buf_release(&data);
    return mask;
}

void proof_read(struct proof *proof, const char *dir, const struct pairings *pairs, size_t pair,
                int64_t mask)
{
    const struct pairing *p = &pairs->items[pair];
    struct buf data = BUF_INIT;
    struct head head;
    size_t sums;

    proof->mask = mask;
    sums = buckets(proof) * sizeof(*proof->sums);
    proof->sums = mem_alloc(sums);
    proof->known = mem_alloc(known_bytes(proof));
    proof->engines[SOURCE] = engine_of(&p->rows[SOURCE]);
    proof->engines[TARGET] = engine_of(&p->rows[TARGET]);
    if (read_file(dir, p, &data) && take_head(pairs, pair, &data, &head) && head.mask == mask &&
        data.len == sizeof(head) + sums + known_bytes(proof)) {
        memcpy(proof->sums, data.data + sizeof(head), sums);
        memcpy(proof->known, data.data + sizeof(head) + sums, known_bytes(proof));
    }
    buf_release(&data);
}

bool proof_write(const struct proof *proof, const char *dir, const struct pairings *pairs,
                 size_t pair, struct err *err)
{
    struct head head = {.signature = signature_of(pairs, pair), .mask = proof->mask};
    const size_t skip = offsetof(struct head, signature);
    char *parent = mem_printf("%s/proofs", dir);
    char *path = path_of(dir, &pairs->items[pair]);
    struct buf data = BUF_INIT;
    bool ok;

    memcpy(head.magic, magic, sizeof(magic));
    buf_add(&data, &head, sizeof(head));
    buf_add(&data, proof->sums, buckets(proof) * sizeof(*proof->sums));
    buf_add(&data, proof->known, known_bytes(proof));
    head.crc = crc_add(0, data.data + skip, data.len - skip);
    memcpy(data.data, &head, sizeof(head));
    ok =
        fsio_make_dir(parent, 0700, err) && fsio_write_atomic(path, 0600, data.data, data.len, err);
    buf_release(&data);
    free(parent);
    free(path);
    return ok;
}

void proof_release(struct proof *proof)
{
    free(proof->sums);
    free(proof->known);
    memset(proof, 0, sizeof(*proof));
}

bool proof_holds(const struct proof *proof, int64_t bucket, const uint64_t own[2])
{
    const uint64_t *sums = proof->sums[bucket];

    return (proof->known[bucket / 8] & 1U << (bucket % 8)) &&
           sums[proof->engines[SOURCE]] == own[SOURCE] &&
           sums[proof->engines[TARGET]] == own[TARGET];
}

void proof_set(struct proof *proof, int64_t bucket, const uint64_t own[2])
{
    proof->known[bucket / 8] |= (unsigned char)(1U << (bucket % 8));
    proof->sums[bucket][proof->engines[SOURCE]] = own[SOURCE];
    proof->sums[bucket][proof->engines[TARGET]] = own[TARGET];
}

void proof_drop(struct proof *proof, int64_t bucket)
{
    proof->known[bucket / 8] &= (unsigned char)~(1U << (bucket % 8));
}
