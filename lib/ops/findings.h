/* What an examination found, in the order in which it was found: what is well, what is not, and
 * what to do about it. */
#ifndef DBR_OPS_FINDINGS_H
#define DBR_OPS_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/main.h"

/* The values are exit statuses of dbr-health. */
enum finding_level {
    FINDING_WELL = 0,
    FINDING_WARNING = 1,
    FINDING_DATABASE = 2, /* a database cannot be used */
    FINDING_SETUP = 3     /* configuration or state cannot be used */
};

struct finding {
    enum finding_level level;
    const char *area; /* "configuration", "state", "primary", ...: a literal */
    char *text;
    char *next; /* what to do, or NULL */
};

struct findings {
    struct finding *items;
    size_t count, cap;
};
#define FINDINGS_INIT                                                                              \
    {                                                                                              \
        NULL, 0, 0                                                                                 \
    }

/* next may be NULL. */
void findings_add(struct findings *findings, enum finding_level level, const char *area,
                  const char *next, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* What was to be done by what was found in that area is not: something else comes first. */
void findings_drop_next(struct findings *findings, const char *area);
enum finding_level findings_worst(const struct findings *findings);
/* The one thing to do next: that of the first of the worst findings that says what to do; NULL when
 * all is well. */
const char *findings_next(const struct findings *findings);

void findings_print(const struct findings *findings, const struct cli *cli);
/* Adds "checks": [{"area", "level": "ok|warning|error", "message", "hint"}] and "next" to document.
 */
void findings_document(const struct findings *findings, struct json *document);
void findings_release(struct findings *findings);

#endif
