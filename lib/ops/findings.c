/* Keeps findings and lays them out; what is examined is the matter of the doctor's files. */
#include "ops/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static const char *level_name(enum finding_level level)
{
    switch (level) {
    case FINDING_WELL:
        return "ok";
    case FINDING_WARNING:
        return "warning";
    case FINDING_DATABASE:
    case FINDING_SETUP:
        break;
    }
    return "error";
}

void findings_add(struct findings *findings, enum finding_level level, const char *area,
                  const char *next, const char *format, ...)
{
    struct buf text = BUF_INIT;
    va_list args;
    va_start(args, format);
    buf_vaddf(&text, format, args);
    va_end(args);
    if (findings->count == findings->cap) {
        findings->cap = findings->cap ? findings->cap * 2 : 16;
        findings->items = mem_array(findings->items, findings->cap, sizeof *findings->items);
    }
    findings->items[findings->count++] =
        (struct finding){level, area, buf_detach(&text), mem_strdup(next)};
}

void findings_drop_next(struct findings *findings, const char *area)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (strcmp(findings->items[i].area, area) == 0) {
            free(findings->items[i].next);
            findings->items[i].next = NULL;
        }
    }
}

enum finding_level findings_worst(const struct findings *findings)
{
    enum finding_level worst = FINDING_WELL;
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->items[i].level > worst)
            worst = findings->items[i].level;
    }
    return worst;
}

const char *findings_next(const struct findings *findings)
{
    for (int level = FINDING_SETUP; level > FINDING_WELL; level--) {
        for (size_t i = 0; i < findings->count; i++) {
            if ((int)findings->items[i].level == level && findings->items[i].next)
                return findings->items[i].next;
        }
    }
    return NULL;
}

void findings_print(const struct findings *findings, const struct cli *cli)
{
    static const char *const colors[] = {"32", "33", "31", "31"};
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        buf_reset(&text);
        buf_add_clean(&text, f->text);
        if (cli->color_out)
            printf("\033[%sm%-8s\033[0m %-13s %s\n", colors[f->level], level_name(f->level),
                   f->area, text.data);
        else
            printf("%-8s %-13s %s\n", level_name(f->level), f->area, text.data);
        if (!f->next || strcmp(f->next, f->text) == 0)
            continue;
        buf_reset(&text);
        buf_add_clean(&text, f->next);
        printf("%-22s what to do: %s\n", "", text.data);
    }
    const char *next = findings_next(findings);
    buf_reset(&text);
    buf_add_clean(&text, next ? next : "nothing, all is well");
    printf("\nnext: %s\n", text.data);
    buf_release(&text);
}

void findings_document(const struct findings *findings, struct json *document)
{
    struct json *checks = json_set_array(document, "checks");
    for (size_t i = 0; i < findings->count; i++) {
        struct json *check = json_add(checks, json_object());
        json_set_str(check, "area", findings->items[i].area);
        json_set_str(check, "level", level_name(findings->items[i].level));
        json_set_str(check, "message", findings->items[i].text);
        json_set_str(check, "hint", findings->items[i].next);
    }
    json_set_str(document, "next", findings_next(findings));
}

void findings_release(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->items[i].text);
        free(findings->items[i].next);
    }
    free(findings->items);
    findings->items = NULL;
    findings->count = findings->cap = 0;
}
