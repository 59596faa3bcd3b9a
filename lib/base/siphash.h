/*
 * SipHash-2-4 with a fixed key: 64 bits of a sequence of bytes, in which equal sums of different
 * data are no more likely than by chance. The same on every machine.
 *
 *     struct siphash hash; siphash_init(&hash);
 *     siphash_add(&hash, data, len);   ... any number; how the bytes are cut makes no difference
 *     sum = siphash_end(&hash);
 */
#ifndef DBR_BASE_SIPHASH_H
#define DBR_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash {
    uint64_t state[4];
    uint64_t tail; /* bytes that do not make a word yet */
    size_t len;    /* of everything that was added */
};

void siphash_init(struct siphash *hash);
void siphash_add(struct siphash *hash, const void *data, size_t len);
void siphash_add_number(struct siphash *hash, uint64_t number);
uint64_t siphash_end(struct siphash *hash);

#endif
