/* The shape of state.json. A wrong kind is taken for damage: to guess here could forget which
 * database is active. */
#include "state/state_check.h"

#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "state/journal.h"
#include "state/state.h"

enum kind { KIND_TEXT, KIND_TIME, KIND_COUNT, KIND_FLAG, KIND_OBJECT };

struct member {
    const char *name;
    enum kind kind;
};

static const struct member root_members[] = {
    {"identities", KIND_OBJECT}, {"init", KIND_OBJECT},    {"sync", KIND_OBJECT},
    {"tables", KIND_OBJECT},     {"health", KIND_OBJECT},  {"updatedAt", KIND_TIME},
    {"lastSwitch", KIND_OBJECT}, {"auto", KIND_OBJECT},    {"breakers", KIND_OBJECT},
    {"schema", KIND_TEXT},       {"remains", KIND_OBJECT},
};
static const struct member switch_members[] = {
    {"op", KIND_TEXT},
    {"time", KIND_TIME},
    {"id", KIND_TEXT},
};
static const struct member sync_members[] = {
    {"lastSync", KIND_TIME}, {"recordsSynced", KIND_COUNT},     {"status", KIND_TEXT},
    {"error", KIND_TEXT},    {"lastVerification", KIND_OBJECT}, {"durationMs", KIND_COUNT},
};
static const struct member health_members[] = {
    {"connected", KIND_FLAG},
    {"latency", KIND_COUNT},
    {"lastCheck", KIND_TIME},
    {"consecutiveFailures", KIND_COUNT},
    {"consecutiveSuccesses", KIND_COUNT},
    {"engine", KIND_TEXT},
    {"version", KIND_TEXT},
    {"error", KIND_TEXT},
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static bool is_kind(const struct json *object, const struct member *member)
{
    const struct json *value = json_get(object, member->name);
    int64_t time;
    if (!value || (json_is_null(value) && member->kind != KIND_OBJECT))
        return true;
    switch (member->kind) {
    case KIND_TEXT:
        return json_str(object, member->name, NULL) != NULL;
    case KIND_TIME:
        return clock_parse(json_str(object, member->name, ""), &time);
    case KIND_COUNT:
        return json_int(object, member->name, -1) >= 0;
    case KIND_FLAG:
        return json_bool(object, member->name, true) == json_bool(object, member->name, false);
    case KIND_OBJECT:
        break;
    }
    return json_is_object(value);
}

static bool check_members(const struct json *object, const char *where,
                          const struct member *members, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_kind(object, &members[i]))
            return err_set(err, ERR_USAGE, "%s%s is of a wrong kind", where, members[i].name);
    }
    return true;
}

static bool is_one_of(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (word && strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

/* True for a member that is missing, or is an object that passes. */
static bool check_health(const struct json *health, const char *role, struct err *err)
{
    const struct json *entry = json_get(health, role);
    if (!entry || json_is_null(entry))
        return true;
    if (!json_is_object(entry))
        return err_set(err, ERR_USAGE, "health.%s is of a wrong kind", role);
    if (check_members(entry, "", health_members, COUNT(health_members), err))
        return true;
    return err_prefix(err, "health.%s", role);
}

static bool check_words(const struct json *root, struct err *err)
{
    static const char *const roles[] = {"primary", "secondary"};
    static const char *const init_words[] = {"none", "running", "failed", "done"};
    const struct json *init = json_get(root, "init");
    if (!is_one_of(json_str(root, "activeDatabase", NULL), roles, 2))
        return err_set(err, ERR_USAGE, "activeDatabase is neither \"primary\" nor \"secondary\"");
    if (json_get(init, "status") && !is_one_of(json_str(init, "status", NULL), init_words, 4))
        return err_set(err, ERR_USAGE, "init.status is none of none, running, failed, done");
    return true;
}

/*
 * To believe that the secondary is active means to overwrite the primary with it. Each switch
 * leaves its record in the same write, so a word without one was put there by hand, or is stale.
 */
static bool check_switch(const struct json *root, struct err *err)
{
    const struct json *last = json_get(root, "lastSwitch");
    if (!check_members(last, "lastSwitch.", switch_members, COUNT(switch_members), err))
        return false;
    if (strcmp(json_str(root, "activeDatabase", ""), "secondary") != 0 ||
        strcmp(json_str(last, "op", ""), "failover") == 0)
        return true;
    return err_set(err, ERR_USAGE,
                   "activeDatabase is \"secondary\", but lastSwitch records no failover to it");
}

bool state_check(const struct json *root, struct err *err)
{
    if (!json_is_object(root))
        return err_set(err, ERR_USAGE, "it holds no object");
    int64_t version = json_int(root, "version", 0);
    if (version < 1)
        return err_set(err, ERR_USAGE, "version is missing");
    if (version > STATE_VERSION)
        return err_set_hint(
            err, ERR_USAGE, "a newer dbr has written it, and knows what it says: use that one",
            "it is of version %lld, this dbr knows up to %d", (long long)version, STATE_VERSION);
    const struct json *identities = json_get(root, "identities");
    static const struct member roles[] = {{"primary", KIND_TEXT}, {"secondary", KIND_TEXT}};
    const struct json *health = json_get(root, "health");
    return check_words(root, err) &&
           check_members(root, "", root_members, COUNT(root_members), err) &&
           check_switch(root, err) &&
           check_members(identities, "identities.", roles, COUNT(roles), err) &&
           check_members(json_get(root, "sync"), "sync.", sync_members, COUNT(sync_members), err) &&
           check_health(health, "primary", err) && check_health(health, "secondary", err) &&
           journal_check(root, err);
}
