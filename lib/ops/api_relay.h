/* Asks another program of dbr and passes its document on: for what needs a database or a library
 * that dbr-api does without. */
#ifndef DBR_OPS_API_RELAY_H
#define DBR_OPS_API_RELAY_H

#include "ops/api.h"

/* Runs dbr-health with these options (NULL-terminated) beside --json, for as long as a check and
 * the telling of its alerts may take, and 55 s at most. */
void api_relay_health(struct api *api, const char *const *options);

/*
 * One at a time does what is costly; others wait for it and find its result. Takes the lock NAME in
 * the state directory, waiting up to wait_ms. False when another holds it still; true without it
 * where there is no directory yet.
 */
struct lock;
bool api_relay_queue(const struct api *api, const char *name, int64_t wait_ms, struct lock *lock);

#endif
