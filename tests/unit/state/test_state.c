/* The state: fresh, changed, rolled back, damaged, newer, and changed by many at once. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/stop.h"
#include "state/state.h"
#include "unit.h"

static char text[4096];

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777U;
}

static void load(struct state *state)
{
    struct err err = ERR_INIT;
    if (!state_load(state, "dir", &err))
        fail_msg("%s", err.message);
}

static void begin(struct state *state)
{
    struct err err = ERR_INIT;
    if (!state_begin(state, &err))
        fail_msg("%s", err.message);
}

static void commit(struct state *state)
{
    struct err err = ERR_INIT;
    if (!state_commit(state, &err))
        fail_msg("%s", err.message);
}

TEST(a_missing_file_is_a_fresh_state)
{
    struct state kept;
    struct err err = ERR_INIT;
    assert_true(state_peek(&kept, "dir", &err));
    assert_int_equal(access("dir", F_OK), -1);
    assert_true(kept.fresh);
    state_release(&kept);
    load(&kept);
    assert_int_equal(mode_of("dir"), 0700);
    assert_int_equal(access("dir/state.json", F_OK), -1);
    assert_int_equal(state_active(&kept), ROLE_PRIMARY);
    assert_int_equal(state_init_status(&kept), INIT_NONE);
    assert_null(state_identity(&kept, ROLE_PRIMARY));
    state_release(&kept);
}

TEST(what_is_committed_is_read_again)
{
    struct state kept;
    load(&kept);
    begin(&kept);
    state_set_identity(&kept, ROLE_SECONDARY, "postgres:1/x");
    state_set_init(&kept, INIT_FAILED, "no room");
    json_set_int(state_part(&kept, "sync"), "recordsSynced", 150);
    commit(&kept);
    assert_false(kept.fresh);
    state_release(&kept);
    assert_int_equal(mode_of("dir/state.json"), 0600);
    load(&kept);
    assert_string_equal(state_identity(&kept, ROLE_SECONDARY), "postgres:1/x");
    assert_null(state_identity(&kept, ROLE_PRIMARY));
    assert_int_equal(state_init_status(&kept), INIT_FAILED);
    assert_string_equal(json_str(state_part(&kept, "init"), "reason", NULL), "no room");
    assert_int_equal(json_int(state_part(&kept, "sync"), "recordsSynced", 0), 150);
    state_release(&kept);
}

TEST(a_rollback_forgets)
{
    struct state kept;
    load(&kept);
    begin(&kept);
    json_set_str(kept.root, "activeDatabase", "secondary");
    assert_int_equal(state_active(&kept), ROLE_SECONDARY);
    state_rollback(&kept);
    assert_int_equal(state_active(&kept), ROLE_PRIMARY);
    begin(&kept); /* the lock is free again */
    state_rollback(&kept);
    state_release(&kept);
    assert_int_equal(access("dir/state.json", F_OK), -1);
}

TEST(a_change_starts_from_what_is_on_disk)
{
    struct state one, two;
    load(&one);
    load(&two);
    begin(&one);
    json_set_str(one.root, "activeDatabase", "secondary");
    json_set_str(state_part(&one, "lastSwitch"), "op", "failover");
    commit(&one);
    assert_int_equal(state_active(&two), ROLE_PRIMARY);
    begin(&two);
    assert_int_equal(state_active(&two), ROLE_SECONDARY);
    state_rollback(&two);
    state_release(&one);
    state_release(&two);
}

TEST(unknown_members_are_kept)
{
    struct state kept;
    assert_int_equal(mkdir("dir", 0700), 0);
    unit_write("dir/state.json",
               "{\"version\": 1, \"activeDatabase\": \"secondary\","
               " \"lastSwitch\": {\"op\": \"failover\"}, \"new\": [1, {\"x\": null}]}");
    load(&kept);
    begin(&kept);
    commit(&kept);
    state_release(&kept);
    load(&kept);
    assert_int_equal(json_count(json_get(kept.root, "new")), 2);
    assert_int_equal(state_active(&kept), ROLE_SECONDARY);
    state_release(&kept);
}

static void assert_refused_with(const char *content, const char *part, const char *hint)
{
    struct state kept;
    struct err err = ERR_INIT;
    unit_write("dir/state.json", content);
    if (state_load(&kept, "dir", &err))
        fail_msg("accepted: %s", content);
    assert_int_equal(err.code, ERR_USAGE);
    if (!strstr(err.message, part))
        fail_msg("'%s' is not in: %s", part, err.message);
    if (!strstr(err.hint, hint))
        fail_msg("'%s' is not in: %s", hint, err.hint);
    assert_null(kept.dir);
    (void)unit_read("dir/state.json", text, sizeof text);
    assert_string_equal(text, content);
}

static void assert_refused(const char *content, const char *part)
{
    assert_refused_with(content, part, "dbr-health --doctor");
}

TEST(what_is_no_state_is_refused)
{
#define HEAD "{\"version\": 1, \"activeDatabase\": \"primary\""
    assert_int_equal(mkdir("dir", 0700), 0);
    assert_refused("", "JSON");
    assert_refused("{", "JSON");
    assert_refused(HEAD "} x", "JSON");
    assert_refused("[]", "no object");
    assert_refused("null", "no object");
    assert_refused("{}", "version");
    assert_refused("{\"version\": 0, \"activeDatabase\": \"primary\"}", "version");
    /* Nothing is wrong with it: no advice to begin anew. */
    assert_refused_with("{\"version\": 2, \"activeDatabase\": \"primary\"}", "version 2",
                        "a newer dbr");
    assert_refused("{\"version\": 1}", "activeDatabase");
    assert_refused("{\"version\": 1, \"activeDatabase\": \"Primary\"}", "activeDatabase");
    assert_refused("{\"version\": 1, \"activeDatabase\": 1}", "activeDatabase");
    assert_refused("{\"version\": 1, \"activeDatabase\": \"secondary\"}", "records no failover");
    assert_refused("{\"version\": 1, \"activeDatabase\": \"secondary\","
                   " \"lastSwitch\": {\"op\": \"failback\"}}",
                   "records no failover");
    assert_refused(HEAD ", \"lastSwitch\": 1}", "lastSwitch");
    assert_refused(HEAD ", \"lastSwitch\": {\"time\": \"yesterday\"}}", "lastSwitch.time");
    assert_refused(HEAD ", \"identities\": []}", "identities");
    assert_refused(HEAD ", \"identities\": {\"primary\": 1}}", "identities.primary");
    assert_refused(HEAD ", \"init\": {\"status\": \"perhaps\"}}", "init.status");
    assert_refused(HEAD ", \"init\": {\"status\": null}}", "init.status");
    assert_refused(HEAD ", \"sync\": {\"lastSync\": \"yesterday\"}}", "sync.lastSync");
    assert_refused(HEAD ", \"sync\": {\"recordsSynced\": \"1\"}}", "sync.recordsSynced");
    assert_refused(HEAD ", \"tables\": []}", "tables");
    assert_refused(HEAD ", \"tables\": null}", "tables");
    assert_refused(HEAD ", \"health\": {\"primary\": 1}}", "health.primary");
    assert_refused(HEAD ", \"health\": {\"secondary\": {\"connected\": \"yes\"}}}",
                   "health.secondary: connected");
    assert_refused(HEAD ", \"health\": {\"primary\": {\"consecutiveFailures\": -1}}}",
                   "consecutiveFailures");
}

TEST(a_link_to_nowhere_is_no_fresh_start)
{
    struct state kept;
    struct err err = ERR_INIT;
    assert_int_equal(mkdir("dir", 0700), 0);
    assert_int_equal(symlink("/nonexistent/state.json", "dir/state.json"), 0);
    assert_false(state_load(&kept, "dir", &err));
    assert_int_equal(err.code, ERR_USAGE);
}

static int commit_large(void *context)
{
    struct state *state = context;
    struct err err = ERR_INIT;
    struct rlimit limit = {512, 512};
    (void)signal(SIGXFSZ, SIG_IGN);
    if (!state_begin(state, &err))
        return 1;
    for (int i = 0; i < 100; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "table_%d", i);
        json_set_object(state_part(state, "tables"), name);
    }
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 || state_commit(state, &err))
        return 2;
    puts(err.message);
    /* The memory is what the disk is, and the lock is free. */
    return json_get(state->root, "tables") ? 3 : state->lock.fd != -1 ? 4 : 0;
}

TEST(a_write_that_breaks_off_leaves_the_old_state)
{
    struct state kept;
    load(&kept);
    begin(&kept);
    commit(&kept);
    (void)unit_read("dir/state.json", text, sizeof text);
    int status = unit_child(commit_large, &kept);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    char now[4096];
    (void)unit_read("dir/state.json", now, sizeof now);
    assert_string_equal(now, text);
    (void)unit_read("out", now, sizeof now);
    assert_non_null(strstr(now, "saving the state"));
    state_release(&kept);
}

static int count_up(void *context)
{
    struct err err = ERR_INIT;
    (void)context;
    for (int i = 0; i < 20; i++) {
        struct state kept;
        if (!state_load(&kept, "dir", &err) || !state_begin(&kept, &err))
            return 1;
        struct json *sync = state_part(&kept, "sync");
        json_set_int(sync, "recordsSynced", json_int(sync, "recordsSynced", 0) + 1);
        if (!state_commit(&kept, &err))
            return 2;
        state_release(&kept);
    }
    return 0;
}

TEST(changes_of_many_do_not_get_lost)
{
    struct state kept;
    pid_t children[4];
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(count_up(NULL));
        assert_true(children[i] > 0);
    }
    for (int i = 0; i < 4; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    load(&kept);
    assert_int_equal(json_int(state_part(&kept, "sync"), "recordsSynced", 0), 80);
    state_release(&kept);
}

TEST(one_operation_at_a_time)
{
    struct state kept;
    struct lock one = LOCK_INIT, two = LOCK_INIT;
    struct err err = ERR_INIT;
    load(&kept);
    assert_true(state_lock_operation(&kept, "dbr-sync", 0, &one, &err));
    assert_false(state_lock_operation(&kept, "dbr-failover", 0, &two, &err));
    assert_int_equal(err.code, ERR_LOCKED);
    assert_non_null(strstr(err.message, "dbr-sync"));
    begin(&kept); /* the state itself can be changed meanwhile */
    commit(&kept);
    lock_release(&one);
    assert_true(state_lock_operation(&kept, "dbr-failover", 0, &two, &err));
    lock_release(&two);
    assert_int_equal(access("dir/op.lock", F_OK), 0);
    state_release(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(a_missing_file_is_a_fresh_state),
        IN_DIR(what_is_committed_is_read_again),
        IN_DIR(a_rollback_forgets),
        IN_DIR(a_change_starts_from_what_is_on_disk),
        IN_DIR(unknown_members_are_kept),
        IN_DIR(what_is_no_state_is_refused),
        IN_DIR(a_link_to_nowhere_is_no_fresh_start),
        IN_DIR(a_write_that_breaks_off_leaves_the_old_state),
        IN_DIR(changes_of_many_do_not_get_lost),
        IN_DIR(one_operation_at_a_time),
    };
    return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
