/* The members of state.json that tell of switches. */
#include "state/journal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DAY_US ((int64_t)24 * 3600 * 1000000)

static const char *const op_names[] = {"failover", "failback"};
static const char *const step_names[] = {"none", "pause", "fence", "settle",
                                         "open", "point", "notify"};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

const char *switch_op_name(enum switch_op op)
{
    return op_names[op];
}

const char *switch_step_name(enum switch_step step)
{
    return step_names[step];
}

enum role switch_target(enum switch_op op)
{
    return op == SWITCH_FAILOVER ? ROLE_SECONDARY : ROLE_PRIMARY;
}

/* The place of a word in a list, or -1. */
static int find_word(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(word, words[i]) == 0)
            return (int)i;
    }
    return -1;
}

static void copy_text(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from ? from : "");
}

void journal_begin(struct journal *journal, const struct state *state, enum switch_op op,
                   bool forced, bool automatic, const char *reason)
{
    size_t n = 0;

    memset(journal, 0, sizeof(*journal));
    journal->op = op;
    journal->forced = forced;
    journal->automatic = automatic;
    journal->epoch = journal_epoch(state) + 1;
    copy_text(journal->reason, sizeof(journal->reason), reason);
    clock_format(clock_now_us(), journal->started);
    for (const char *p = journal->started; *p && n + 16 < sizeof(journal->id); p++) {
        if (*p != '-' && *p != ':' && *p != '.' && *p != 'Z')
            journal->id[n++] = *p;
    }
    (void)snprintf(journal->id + n, sizeof(journal->id) - n, "-%ld", (long)getpid());
}

static bool read_entry(const struct json *entry, const char *time, struct journal *journal)
{
    memset(journal, 0, sizeof(*journal));
    if (!entry)
        return false;
    copy_text(journal->id, sizeof(journal->id), json_str(entry, "id", ""));
    copy_text(journal->reason, sizeof(journal->reason), json_str(entry, "reason", ""));
    copy_text(journal->started, sizeof(journal->started), json_str(entry, time, ""));
    journal->op = (enum switch_op)find_word(json_str(entry, "op", op_names[0]), op_names, 2);
    journal->step = (enum switch_step)find_word(json_str(entry, "step", step_names[0]), step_names,
                                                COUNT(step_names));
    journal->forced = strcmp(json_str(entry, "kind", ""), "forced") == 0;
    journal->automatic = strcmp(json_str(entry, "by", ""), "auto") == 0;
    journal->undoing = json_bool(entry, "undoing", false);
    journal->from_fenced = json_bool(entry, "fromFenced", false);
    journal->epoch = json_int(entry, "epoch", 0);
    return true;
}

bool journal_read(const struct state *state, struct journal *journal)
{
    return read_entry(json_get(state->root, "switch"), "startedAt", journal);
}

bool journal_last(const struct state *state, struct journal *journal)
{
    return read_entry(json_get(state->root, "lastSwitch"), "time", journal);
}

static struct json *write_entry(struct state *state, const char *member,
                                const struct journal *journal)
{
    struct json *entry = json_set_object(state->root, member);

    json_set_str(entry, "id", journal->id);
    json_set_str(entry, "op", op_names[journal->op]);
    json_set_str(entry, "kind", journal->forced ? "forced" : "planned");
    json_set_str(entry, "by", journal->automatic ? "auto" : "manual");
    json_set_str(entry, "reason", journal->reason[0] ? journal->reason : NULL);
    json_set_int(entry, "epoch", journal->epoch);
    return entry;
}

void journal_put(struct state *state, const struct journal *journal)
{
    struct json *entry = write_entry(state, "switch", journal);

    json_set_str(entry, "step", step_names[journal->step]);
    json_set_str(entry, "startedAt", journal->started);
    if (journal->undoing)
        json_set_bool(entry, "undoing", true);
    if (journal->from_fenced)
        json_set_bool(entry, "fromFenced", true);
}

void journal_remove(struct state *state)
{
    json_remove(state->root, "switch");
}

/* Times older than a day decide nothing any more. */
static void add_failback(struct state *state, const char *now)
{
    const struct json *old = json_get(state->root, "failbacks");
    struct json *kept = json_array();
    int64_t at;

    for (size_t i = 0; i < json_count(old); i++) {
        const char *text = json_at_str(old, i);

        if (text && clock_parse(text, &at) && clock_now_us() - at < DAY_US)
            json_add_str(kept, text);
    }
    json_add_str(kept, now);
    json_set(state->root, "failbacks", kept);
}

void journal_take_effect(struct state *state, const struct journal *journal)
{
    char now[CLOCK_TEXT_SIZE];

    clock_format(clock_now_us(), now);
    json_set_str(state->root, "activeDatabase", role_name(switch_target(journal->op)));
    json_set_str(write_entry(state, "lastSwitch", journal), "time", now);
    json_remove(state->root, "fenceTrouble");
    if (journal->op == SWITCH_FAILBACK && journal->automatic)
        add_failback(state, now);
}

bool journal_hook_failed(const struct state *state)
{
    return json_bool(json_get(state->root, "lastSwitch"), "hookFailed", false);
}

void journal_set_hook_failed(struct state *state, bool failed)
{
    struct json *last = json_get(state->root, "lastSwitch");

    if (last && failed)
        json_set_bool(last, "hookFailed", true);
    else if (last)
        json_remove(last, "hookFailed");
}

bool journal_merge_unknown(const struct state *state)
{
    const struct json *last = json_get(state->root, "lastSwitch");

    return state_active(state) == ROLE_SECONDARY && !journal_merge(state) && json_is_object(last) &&
           !json_str(last, "id", NULL) && !json_bool(last, "baseLooked", false);
}

void journal_set_base_looked(struct state *state)
{
    struct json *last = json_get(state->root, "lastSwitch");

    if (json_is_object(last))
        json_set_bool(last, "baseLooked", true);
}

int64_t journal_epoch(const struct state *state)
{
    int64_t learnt = json_int(state->root, "epoch", 0);
    int64_t last = json_int(json_get(state->root, "lastSwitch"), "epoch", 0);

    return learnt > last ? learnt : last;
}

void journal_learn_epoch(struct state *state, int64_t epoch)
{
    if (epoch > journal_epoch(state))
        json_set_int(state->root, "epoch", epoch);
}

const char *journal_debt(const struct state *state, enum role role)
{
    return json_str(json_get(state->root, "fenceDebt"), role_name(role), NULL);
}

void journal_set_debt(struct state *state, enum role role, bool owed)
{
    char now[CLOCK_TEXT_SIZE];

    if (!owed && !journal_debt(state, role))
        return;
    if (!owed)
        json_remove(state_part(state, "fenceDebt"), role_name(role));
    else if (!journal_debt(state, role))
        json_set_str(state_part(state, "fenceDebt"), role_name(role),
                     clock_format(clock_now_us(), now));
}

const char *journal_fence_trouble(const struct state *state, enum role role)
{
    return json_str(json_get(state->root, "fenceTrouble"), role_name(role), NULL);
}

void journal_set_fence_trouble(struct state *state, enum role role, const char *why)
{
    json_remove(state->root, "fenceTrouble");
    if (why)
        json_set_str(state_part(state, "fenceTrouble"), role_name(role), why);
}

const char *journal_merge(const struct state *state)
{
    return json_str(json_get(state->root, "merge"), "run", NULL);
}

static bool has_table(const struct state *state, const char *member, const char *table)
{
    return json_str(json_get(state->root, member), table, NULL) != NULL;
}

static void set_table(struct state *state, const char *member, const char *table, bool there)
{
    char now[CLOCK_TEXT_SIZE];

    if (there)
        json_set_str(state_part(state, member), table, clock_format(clock_now_us(), now));
    else if (has_table(state, member, table))
        json_remove(state_part(state, member), table);
}

bool journal_left_out(const struct state *state, const char *table)
{
    return has_table(state, "leftOut", table);
}

void journal_set_left_out(struct state *state, const char *table, bool left_out)
{
    set_table(state, "leftOut", table, left_out);
}

bool journal_unmerged(const struct state *state, const char *table)
{
    return table ? has_table(state, "unmerged", table)
                 : json_first(json_get(state->root, "unmerged")) != NULL;
}

void journal_set_unmerged(struct state *state, const char *table, bool unmerged)
{
    set_table(state, "unmerged", table, unmerged);
}

void journal_set_all_unmerged(struct state *state)
{
    const struct json *table = json_first(json_get(state->root, "tables"));

    for (; table; table = json_next(table))
        journal_set_unmerged(state, json_key(table), true);
}

void journal_set_merge(struct state *state, const char *run)
{
    char now[CLOCK_TEXT_SIZE];
    struct json *entry;

    json_remove(state->root, "merge");
    if (!run)
        return;
    entry = json_set_object(state->root, "merge");
    json_set_str(entry, "run", run);
    json_set_str(entry, "time", clock_format(clock_now_us(), now));
}

int journal_recent_failbacks(const struct state *state)
{
    const struct json *list = json_get(state->root, "failbacks");
    int64_t at;
    int n = 0;

    for (size_t i = 0; i < json_count(list); i++) {
        const char *text = json_at_str(list, i);

        n += text && clock_parse(text, &at) && clock_now_us() - at < DAY_US;
    }
    return n;
}

/* A switch that cannot be read could be neither finished nor undone: to guess would be worse. */
static bool check_entry(const struct json *root, const char *member, bool step, struct err *err)
{
    const struct json *entry = json_get(root, member);
    static const char *const kinds[] = {"planned", "forced"};

    if (!entry)
        return true;
    if (!json_is_object(entry) || find_word(json_str(entry, "op", ""), op_names, 2) < 0)
        return err_set(err, ERR_USAGE, "%s is of a wrong kind", member);
    if (step &&
        (!json_str(entry, "id", NULL) || find_word(json_str(entry, "kind", ""), kinds, 2) < 0 ||
         find_word(json_str(entry, "step", ""), step_names + 1, COUNT(step_names) - 1) < 0))
        return err_set(err, ERR_USAGE, "%s tells no step that dbr knows", member);
    return true;
}

bool journal_check(const struct json *root, struct err *err)
{
    const struct json *merge = json_get(root, "merge");
    const struct json *debt = json_get(root, "fenceDebt");
    const struct json *trouble = json_get(root, "fenceTrouble");
    const struct json *unmerged = json_get(root, "unmerged");

    if (!check_entry(root, "switch", true, err) || !check_entry(root, "lastSwitch", false, err))
        return false;
    if (merge && !json_str(merge, "run", NULL))
        return err_set(err, ERR_USAGE, "merge names no failover");
    if (debt && !json_is_object(debt))
        return err_set(err, ERR_USAGE, "fenceDebt is of a wrong kind");
    if (unmerged && !json_is_object(unmerged))
        return err_set(err, ERR_USAGE, "unmerged is of a wrong kind");
    if (trouble && !json_is_object(trouble))
        return err_set(err, ERR_USAGE, "fenceTrouble is of a wrong kind");
    return true;
}
