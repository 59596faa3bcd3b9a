/* SipHash-2-4 by Aumasson and Bernstein, with the key of their test vectors: 00 01 02 ... 0f. */
#include "base/siphash.h"

#define KEY_LOW UINT64_C(0x0706050403020100)
#define KEY_HIGH UINT64_C(0x0f0e0d0c0b0a0908)

static uint64_t rotate(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static void mix(uint64_t v[4], int rounds)
{
    while (rounds-- > 0) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

static void add_word(struct siphash *hash, uint64_t word)
{
    hash->state[3] ^= word;
    mix(hash->state, 2);
    hash->state[0] ^= word;
}

void siphash_init(struct siphash *hash)
{
    hash->state[0] = KEY_LOW ^ UINT64_C(0x736f6d6570736575);
    hash->state[1] = KEY_HIGH ^ UINT64_C(0x646f72616e646f6d);
    hash->state[2] = KEY_LOW ^ UINT64_C(0x6c7967656e657261);
    hash->state[3] = KEY_HIGH ^ UINT64_C(0x7465646279746573);
    hash->tail = 0;
    hash->len = 0;
}

void siphash_add(struct siphash *hash, const void *data, size_t len)
{
    const unsigned char *p = data;
    const unsigned char *end = p + len;

    for (; p < end; p++) {
        hash->tail |= (uint64_t)*p << (8 * (hash->len % 8));
        if (++hash->len % 8 == 0) {
            add_word(hash, hash->tail);
            hash->tail = 0;
        }
    }
}

void siphash_add_number(struct siphash *hash, uint64_t number)
{
    unsigned char bytes[8];
    int i;

    for (i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    siphash_add(hash, bytes, sizeof(bytes));
}

uint64_t siphash_end(struct siphash *hash)
{
    add_word(hash, hash->tail | (uint64_t)hash->len << 56);
    hash->state[2] ^= 0xff;
    mix(hash->state, 4);
    return hash->state[0] ^ hash->state[1] ^ hash->state[2] ^ hash->state[3];
}
