/*
 * SHA-256 (FIPS 180-4), for tokens that are kept as a digest and compared without a hint of how
 * near a guess was. libcrypto is linked by no program of dbr, and costs more to load than a whole
 * request of dbr-api takes.
 */
#ifndef DBR_BASE_SHA256_H
#define DBR_BASE_SHA256_H

#include <stdbool.h>
#include <stddef.h>

#define SHA256_SIZE 32

void sha256(const void *data, size_t len, unsigned char digest[SHA256_SIZE]);
/* Takes the same time wherever the two differ. */
bool sha256_equal(const unsigned char a[SHA256_SIZE], const unsigned char b[SHA256_SIZE]);
/* Reads 64 hex digits, and nothing behind them. */
bool sha256_parse(const char *hex, unsigned char digest[SHA256_SIZE]);

#endif
