/*
 * Reads and writes state.json. Readers never lock, since the file is only ever replaced whole; a
 * change locks, reads again, and replaces. What the members may be stands in state_check.c.
 */
#include "state/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/fsio.h"
#include "base/mem.h"
#include "state/local_fs.h"
#include "state/state_check.h"

#define STATE_MAX ((size_t)64 << 20)
#define STATE_LOCK_WAIT_MS 10000

static const char *const init_words[] = {"none", "running", "failed", "done"};

char *state_path(const struct state *state, const char *name)
{
    return mem_printf("%s/%s", state->dir, name);
}

static struct json *fresh_root(void)
{
    struct json *root = json_object();
    json_set_int(root, "version", STATE_VERSION);
    json_set_str(root, "activeDatabase", role_name(ROLE_PRIMARY));
    return root;
}

/* The doctor tells the way out, unless the error brings a hint of its own. */
static bool unusable(const char *path, struct err *err)
{
    err->code = ERR_USAGE;
    err_prefix(err, "the state %s cannot be used", path);
    return err->hint[0] ? false : err_hint(err, "%s", STATE_ASK_DOCTOR);
}

static bool read_root(const char *path, struct json **root, bool *fresh, struct err *err)
{
    struct stat st;
    struct buf text = BUF_INIT;
    *root = NULL;
    *fresh = false;
    /* A link that leads nowhere (a disk that is not mounted) is no fresh start. */
    if (lstat(path, &st) != 0 && errno == ENOENT) {
        *root = fresh_root();
        *fresh = true;
        return true;
    }
    if (!fsio_read(path, STATE_MAX, &text, err)) {
        buf_release(&text);
        if (stat(path, &st) == 0 && (S_ISDIR(st.st_mode) || st.st_size > (off_t)STATE_MAX))
            err->hint[0] = '\0'; /* nobody has named the file */
        return unusable(path, err);
    }
    *root = json_parse(text.data, text.len, err);
    buf_release(&text);
    if (!*root) {
        err->hint[0] = '\0'; /* where the text ends to be JSON is not the way out */
        return unusable(path, err);
    }
    if (state_check(*root, err))
        return true;
    json_free(*root);
    *root = NULL;
    return unusable(path, err);
}

static bool make_dir(const char *dir, struct err *err)
{
    if (fsio_make_dir(dir, 0700, err))
        return true;
    err_prefix(err, "state directory %s", dir);
    return err_hint(err, "create it, or name another with --state-dir or DB_STATE_DIR");
}

static bool load(struct state *state, const char *dir, bool create, struct err *err)
{
    *state = (struct state)STATE_INIT;
    if (create && !make_dir(dir, err))
        return false;
    if (fsio_exists(dir) && !local_fs_check(dir, err))
        return false;
    state->dir = mem_strdup(dir);
    char *path = state_path(state, "state.json");
    bool ok = read_root(path, &state->root, &state->fresh, err);
    free(path);
    if (!ok)
        state_release(state);
    return ok;
}

bool state_load(struct state *state, const char *dir, struct err *err)
{
    return load(state, dir, true, err);
}

bool state_peek(struct state *state, const char *dir, struct err *err)
{
    return load(state, dir, false, err);
}

void state_release(struct state *state)
{
    lock_release(&state->lock);
    json_free(state->root);
    json_free(state->saved);
    free(state->dir);
    *state = (struct state)STATE_INIT;
}

bool state_begin(struct state *state, struct err *err)
{
    if (!make_dir(state->dir, err) || !local_fs_check(state->dir, err))
        return false;
    char *lock_path = state_path(state, "state.lock");
    bool ok = lock_take(&state->lock, lock_path, STATE_LOCK_WAIT_MS, "state update", err);
    free(lock_path);
    if (!ok)
        return err_prefix(err, "changing the state");
    char *path = state_path(state, "state.json");
    struct json *root;
    ok = read_root(path, &root, &state->fresh, err);
    free(path);
    if (!ok) {
        lock_release(&state->lock);
        return false;
    }
    json_free(state->root);
    state->root = root;
    state->saved = json_copy(root);
    return true;
}

bool state_commit(struct state *state, struct err *err)
{
    char now[CLOCK_TEXT_SIZE];
    struct buf text = BUF_INIT;
    json_set_str(state->root, "updatedAt", clock_format(clock_now_us(), now));
    json_print(state->root, true, &text);
    buf_addch(&text, '\n');
    char *path = state_path(state, "state.json");
    bool ok = fsio_write_atomic(path, 0600, text.data, text.len, err);
    free(path);
    buf_release(&text);
    if (!ok) {
        state_rollback(state);
        err_prefix(err, "saving the state");
        return err_hint(err,
                        "the state is as it was; make room or set the rights in %s, then run "
                        "the program again",
                        state->dir);
    }
    state->fresh = false;
    json_free(state->saved);
    state->saved = NULL;
    lock_release(&state->lock);
    return true;
}

void state_rollback(struct state *state)
{
    if (state->saved) {
        json_free(state->root);
        state->root = state->saved;
        state->saved = NULL;
    }
    lock_release(&state->lock);
}

enum role state_active(const struct state *state)
{
    const char *active = json_str(state->root, "activeDatabase", "primary");
    return strcmp(active, "secondary") == 0 ? ROLE_SECONDARY : ROLE_PRIMARY;
}

const char *state_identity(const struct state *state, enum role role)
{
    return json_str(json_get(state->root, "identities"), role_name(role), NULL);
}

void state_set_identity(struct state *state, enum role role, const char *identity)
{
    json_set_str(state_part(state, "identities"), role_name(role), identity);
}

const char *state_schema(const struct state *state)
{
    return json_str(state->root, "schema", NULL);
}

void state_set_schema(struct state *state, const char *schema)
{
    json_set_str(state->root, "schema", schema);
}

enum state_init state_init_status(const struct state *state)
{
    const char *word = json_str(json_get(state->root, "init"), "status", "none");
    for (int i = INIT_RUNNING; i <= INIT_DONE; i++) {
        if (strcmp(word, init_words[i]) == 0)
            return (enum state_init)i;
    }
    return INIT_NONE;
}

void state_set_init(struct state *state, enum state_init status, const char *reason)
{
    char now[CLOCK_TEXT_SIZE];
    struct json *init = state_part(state, "init");
    json_set_str(init, "status", init_words[status]);
    json_set_str(init, "reason", reason);
    json_remove(init, "updateFailure");
    json_set_str(init, "time", clock_format(clock_now_us(), now));
}

const char *state_update_failure(const struct state *state)
{
    return json_str(json_get(state->root, "init"), "updateFailure", NULL);
}

void state_forget_update_failure(struct state *state)
{
    if (state_update_failure(state))
        json_remove(state_part(state, "init"), "updateFailure");
}

void state_set_update(struct state *state, const char *failure)
{
    char now[CLOCK_TEXT_SIZE];
    struct json *init = state_part(state, "init");
    if (failure)
        json_set_str(init, "updateFailure", failure);
    else
        json_remove(init, "updateFailure");
    json_set_str(init, failure ? "updateFailed" : "lastUpdate", clock_format(clock_now_us(), now));
}

struct json *state_part(struct state *state, const char *name)
{
    struct json *part = json_get(state->root, name);
    return part ? part : json_set_object(state->root, name);
}

bool state_lock_operation(const struct state *state, const char *program, int64_t wait_ms,
                          struct lock *lock, struct err *err)
{
    if (!make_dir(state->dir, err))
        return false;
    char *path = state_path(state, "op.lock");
    bool ok = lock_take(lock, path, wait_ms, program, err);
    free(path);
    return ok;
}
