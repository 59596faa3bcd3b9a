/*
 * The bearer token of the HTTP API: DBR_API_TOKEN, or the first line of DBR_API_TOKEN_FILE; either
 * the token itself or "sha256:" and the hex digest of it. Kept as a digest in memory.
 */
#ifndef DBR_OPS_API_TOKEN_H
#define DBR_OPS_API_TOKEN_H

#include <stdbool.h>

#include "base/err.h"
#include "base/sha256.h"
#include "state/config.h"

struct api_token {
    bool configured;
    unsigned char digest[SHA256_SIZE];
};

/*
 * Without either key: not configured, and true. ERR_USAGE names the file when it cannot be used: it
 * is missing or unreadable, others may read it, it is empty, or its digest is none.
 */
bool api_token_load(struct api_token *token, const struct config *config, struct err *err);
/* Takes the same time for each guess of a length. False when none is configured. */
bool api_token_matches(const struct api_token *token, const char *guess);

#endif
