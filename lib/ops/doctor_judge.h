/* What the files that judge a server share; private to lib/ops/doctor_judge*.c. */
#ifndef DBR_OPS_DOCTOR_JUDGE_H
#define DBR_OPS_DOCTOR_JUDGE_H

#include "ops/doctor_server.h"

struct judge {
    const struct doctor_facts *facts;
    const struct config *config;
    enum role role;
    const char *area;
    struct findings *findings;
};

/* "ALTER DATABASE "app" SET ...", with the name quoted; for advice. malloced. */
char *doctor_alter(const char *what, const char *name, const char *change);
void doctor_judge_cockroach(const struct judge *j);

#endif
