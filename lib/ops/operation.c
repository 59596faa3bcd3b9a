/* The holder's note in op.lock, and the journal. */
#include "ops/operation.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/lock.h"
#include "state/journal.h"

static void report_switch(struct json *operation, const struct state *state)
{
    struct journal journal;
    if (!journal_read(state, &journal)) {
        json_set_null(operation, "switch");
        return;
    }
    struct json *object = json_set_object(operation, "switch");
    json_set_str(object, "id", journal.id);
    json_set_str(object, "op", switch_op_name(journal.op));
    json_set_str(object, "kind", journal.forced ? "forced" : "planned");
    json_set_str(object, "step", switch_step_name(journal.step));
    json_set_bool(object, "undoing", journal.undoing);
    json_set_str(object, "startedAt", journal.started);
    json_set_str(object, "reason", journal.reason[0] ? journal.reason : NULL);
}

void operation_report(struct json *document, const struct state *state)
{
    struct lock_note note;
    char since[CLOCK_TEXT_SIZE];
    char *path = state_path(state, "op.lock");
    bool held = lock_look(path, &note);
    free(path);
    if (!held) {
        json_set_null(document, "operation");
        return;
    }
    struct json *operation = json_set_object(document, "operation");
    json_set_str(operation, "program", note.command[0] ? note.command : NULL);
    if (note.pid > 0)
        json_set_int(operation, "pid", note.pid);
    else
        json_set_null(operation, "pid");
    json_set_str(operation, "since", note.since_us ? clock_format(note.since_us, since) : NULL);
    report_switch(operation, state);
}
