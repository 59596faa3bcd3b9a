/* dbr-api on a command line: what it is, whether it is set up, and what can be asked. */
#ifndef DBR_OPS_API_EXPLAIN_H
#define DBR_OPS_API_EXPLAIN_H

#include "cli/main.h"

bool api_explain(struct cli *cli, struct err *err);

#endif
