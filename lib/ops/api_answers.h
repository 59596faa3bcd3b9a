/* Those who answer: api_read.c from the state, api_relay.c with what another program says,
 * api_post.c by doing something. Each fills api->response. */
#ifndef DBR_OPS_API_ANSWERS_H
#define DBR_OPS_API_ANSWERS_H

#include "ops/api.h"

void api_answer_health(struct api *api, const char *argument);
void api_answer_db_health(struct api *api, const char *argument);
void api_answer_version(struct api *api, const char *argument);
void api_answer_events(struct api *api, const char *argument);
void api_answer_alerts(struct api *api, const char *argument);

void api_answer_metrics(struct api *api, const char *argument);
void api_answer_database(struct api *api, const char *argument);
void api_answer_breakers(struct api *api, const char *argument);
void api_answer_history(struct api *api, const char *argument);

void api_answer_operation(struct api *api, const char *program); /* dbr-sync, dbr-failover, ... */
void api_answer_reset(struct api *api, const char *breaker);     /* primary, secondary, all */

#endif
