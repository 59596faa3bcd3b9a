/* The single examinations of the doctor; each adds what it found. */
#ifndef DBR_OPS_DOCTOR_CHECKS_H
#define DBR_OPS_DOCTOR_CHECKS_H

#include "ops/findings.h"
#include "state/config.h"
#include "state/state.h"

/* doctor_setup.c. config is one that was loaded leniently. */
void doctor_check_config(const struct config *config, struct findings *findings);
/* Opens the state without touching it; false when it cannot be used. */
bool doctor_check_state(const struct config *config, struct state *state,
                        struct findings *findings);
/* What the state says of init, sync and operations. */
void doctor_check_record(const struct config *config, const struct state *state,
                         struct findings *findings);

/* doctor_targets.c: the targets of a switch. state is NULL when it cannot be used. */
void doctor_check_targets(const struct config *config, const struct state *state,
                          struct findings *findings);

/* doctor_commands.c: whether the commands of DB_ON_EVENT and DB_CHECKS are there. */
void doctor_check_commands(const struct config *config, struct findings *findings);
/* ... and the hosts of DB_WITNESS, which it asks. */
void doctor_check_witnesses(const struct config *config, struct findings *findings);

/* doctor_machine.c: room, and the last backup. */
void doctor_check_machine(const struct config *config, struct findings *findings);

/* doctor_schedule.c: what starts dbr-sync and dbr-health by itself, and whether they do run. */
void doctor_check_schedule(const struct config *config, const struct state *state,
                           struct findings *findings);

/* doctor_databases.c: connects. state is NULL when it cannot be used. */
void doctor_check_databases(const struct config *config, const struct state *state,
                            struct findings *findings);

#endif
