/* dbr-event: option table and exit status; the work is in lib/ops/event.c. */
#include "cli/main.h"
#include "ops/event.h"

static struct event_options event_options;

static const struct option options[] = {
    {0, "event", NULL, "what kind of event", OPTION_CHOICE, &event_options.event, 0, 0,
     "backup|alert|error", false},
    {0, "message", "TEXT", "what happened, in one line", OPTION_TEXT, &event_options.message, 0, 0,
     NULL, false},
    {0, "reason", "TEXT", "a word for it, such as the program that reports it", OPTION_TEXT,
     &event_options.reason, 0, 0, NULL, false},
    {0, "file", "FILE", "the file that it is about", OPTION_FILE, &event_options.file, 0, 0, NULL,
     false},
    OPTION_END,
};

static const struct program program = {
    .name = "dbr-event",
    .purpose = "record an event and run DB_ON_EVENT, for scripts",
    .usage = "--event=backup|alert|error --message=TEXT [options]",
    .options = options,
};

static bool run(struct cli *cli, struct err *err)
{
    return ops_event(cli, &event_options, err);
}

int main(int argc, char **argv)
{
    return cli_main(&program, argc, argv, run);
}
