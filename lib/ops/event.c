/* Takes an event from a script: one line in events.jsonl, one run of DB_ON_EVENT. */
#include "ops/event.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "ops/hook.h"
#include "state/config.h"
#include "state/events.h"
#include "state/secrets.h"
#include "state/state.h"

static bool check_options(const struct event_options *o, struct err *err)
{
    const char *missing = !o->event ? "--event" : !o->message ? "--message" : NULL;
    return !missing ||
           err_set_hint(err, ERR_USAGE,
                        "for example --event=backup --message='the backup of today is complete'",
                        "%s is required", missing);
}

/* --- secrets ---------------------------------------------------------------------- */

/* What may stand in a URL or a value: messages put blanks, quotes and brackets around them. */
static size_t word_length(const char *text)
{
    return strcspn(text, " \t\r\n\"'`<>");
}

/* The length of what follows "password=" and must not be shown. */
static size_t value_length(const char *text)
{
    size_t len = 0;
    if (*text != '\'') {
        size_t word = word_length(text);
        len = strcspn(text, "&");
        return len < word ? len : word;
    }
    for (len = 1; text[len] && text[len] != '\''; len++)
        if (text[len] == '\\' && text[len + 1])
            len++;
    return len + (text[len] == '\'');
}

/* The length of what follows "scheme://", up to the colon before a password; 0: there is none. Up
 * to the last '@': a password that was not encoded may hold one, and a slash. */
static size_t login_length(const char *text, size_t *password)
{
    size_t len = word_length(text);
    const char *at = memrchr(text, '@', len);
    const char *colon = at ? memchr(text, ':', (size_t)(at - text)) : NULL;
    *password = colon ? (size_t)(at - colon) - 1 : 0;
    return colon ? (size_t)(colon - text) + 1 : 0;
}

/* Passwords of whatever database: those of the configuration are not the only ones of a script. */
static void mask_foreign(const char *text, struct buf *out)
{
    static const char scheme[] = "://";
    static const char key[] = "password=";
    while (*text) {
        size_t shown = 1;
        size_t hidden = 0;
        if (strncmp(text, scheme, sizeof scheme - 1) == 0) {
            shown = sizeof scheme - 1;
            shown += login_length(text + shown, &hidden);
        } else if (strncasecmp(text, key, sizeof key - 1) == 0) {
            shown = sizeof key - 1;
            hidden = value_length(text + shown);
        }
        buf_add(out, text, shown);
        buf_adds(out, hidden > 0 ? "***" : "");
        text += shown + hidden;
    }
}

/* Malloced; NULL for NULL. */
static char *without_secrets(const struct strlist *secrets, const char *text)
{
    struct buf known = BUF_INIT;
    struct buf all = BUF_INIT;
    if (!text)
        return NULL;
    secrets_mask(secrets, text, &known);
    mask_foreign(known.data, &all);
    buf_release(&known);
    return buf_detach(&all);
}

/* --- the event --------------------------------------------------------------------- */

/* Records it and runs the command, which gets the path as it is: it is to do something with it. */
static bool pass_on(const struct config *config, const struct state *state,
                    const struct event_options *options, struct err *err)
{
    struct strlist secrets = STRLIST_INIT;
    struct buf line = BUF_INIT;
    struct json *extra = json_object();

    secrets_collect(config, &secrets);
    buf_add_clean(&line, options->message);
    char *message = without_secrets(&secrets, line.data);
    char *reason = without_secrets(&secrets, options->reason);
    char *file = without_secrets(&secrets, options->file);
    struct hook_event event = {.event = options->event,
                               .active = state_active(state),
                               .reason = reason,
                               .message = message,
                               .time_us = clock_now_us(),
                               .file = options->file};
    if (file)
        json_set_str(extra, "file", file);
    events_write(state, options->event, reason, message, extra);
    bool ok = hook_run(config, &event, err);
    free(message);
    free(reason);
    free(file);
    buf_release(&line);
    strlist_release(&secrets);
    return ok;
}

bool ops_event(struct cli *cli, const struct event_options *options, struct err *err)
{
    const struct options_common *common = &cli->common;
    struct state state = STATE_INIT;
    struct config config;
    if (!check_options(options, err))
        return false;
    json_set_str(cli->document, "program", cli->program->name);
    bool ok = config_load(&config, common->env_file, common->state_dir, false, err) &&
              state_load(&state, config.state_dir, err) && pass_on(&config, &state, options, err);
    state_release(&state);
    config_release(&config);
    return ok;
}
