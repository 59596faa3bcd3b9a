/* The questions of the doctor to a server; private to lib/ops/doctor_ask.c and doctor_questions.c.
 */
#ifndef DBR_OPS_DOCTOR_QUESTIONS_H
#define DBR_OPS_DOCTOR_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "db/query.h"
#include "ops/doctor_server.h"

enum parameter { NOTHING, SCHEMA, FENCE_ROLE };

struct question {
    const char *sql;
    enum parameter parameter;
    void (*read)(struct doctor_facts *facts, const struct result *answer);
    int setting; /* SHOW of it; read is NULL */
    bool rights; /* not to be answered is worth telling */
};

extern const struct question doctor_postgres_questions[];
extern const size_t doctor_postgres_question_count;
extern const struct question doctor_cockroach_questions[];
extern const size_t doctor_cockroach_question_count;

#endif
