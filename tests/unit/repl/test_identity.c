/* Identities judged: the same twice, changed, exchanged, weak ones. Asking servers is for the
 * end-to-end tests. */
#include "repl/identity.h"
#include "unit.h"

#define A "postgres:7412345678901234567/app"
#define B "postgres:7498765432109876543/app"
#define WEAK_A "postgres:~16384@1769286883910234/app"
#define WEAK_B "postgres:~16384@1769286883910235/app"

TEST(the_same_database)
{
    assert_true(identity_same(A, A));
    assert_false(identity_same(A, B));
    assert_false(identity_same("postgres:1/a", "postgres:1/b"));
    assert_false(identity_same("postgres:1/a", "cockroach:1/a"));
    assert_true(identity_same(WEAK_A, WEAK_A));
    assert_false(identity_same(WEAK_A, WEAK_B));
    /* Without an instance equality is chance. */
    assert_false(identity_same("cockroach:~104@/app", "cockroach:~104@/app"));
}

static bool check(const char *known1, const char *known2, const char *now1, const char *now2,
                  struct err *err)
{
    struct state kept = STATE_INIT;
    kept.root = json_object();
    kept.dir = strdup("/state");
    if (known1)
        state_set_identity(&kept, ROLE_PRIMARY, known1);
    if (known2)
        state_set_identity(&kept, ROLE_SECONDARY, known2);
    char *now[2] = {now1 ? strdup(now1) : NULL, now2 ? strdup(now2) : NULL};
    bool ok = identity_check(&kept, now, err);
    free(now[0]);
    free(now[1]);
    state_release(&kept);
    return ok;
}

TEST(what_is_accepted)
{
    struct err err = ERR_INIT;
    assert_true(check(NULL, NULL, A, B, &err));
    assert_true(check(A, B, A, B, &err));
    assert_true(check(A, B, NULL, NULL, &err));
    assert_true(check(A, NULL, A, B, &err));
    assert_true(check(WEAK_A, NULL, WEAK_B, NULL, &err)); /* a restart */
    assert_true(check(WEAK_A, NULL, A, NULL, &err));      /* a right granted */
    assert_true(check(A, NULL, WEAK_A, NULL, &err));      /* a right revoked */
}

static void assert_refused(const char *known1, const char *known2, const char *now1,
                           const char *now2, const char *message, const char *hint)
{
    struct err err = ERR_INIT;
    assert_false(check(known1, known2, now1, now2, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    assert_non_null(strstr(err.message, message));
    assert_non_null(strstr(err.hint, hint));
}

TEST(what_is_refused)
{
    assert_refused(NULL, NULL, A, A, "same database", "DATABASE_URL_SECONDARY");
    assert_refused(A, NULL, B, NULL, "the primary is not", "DB_STATE_DIR");
    assert_refused(NULL, A, NULL, B, "the secondary is not", "dbr-init-secondary");
    assert_refused(A, B, B, A, "the primary is not", "exchanged");
    assert_refused("postgres:1/app", NULL, "postgres:1/other", NULL, "the primary is not",
                   "/state");
    assert_refused(WEAK_A, NULL, "postgres:~16385@1769286883910234/app", NULL, "the primary is not",
                   "");
    assert_refused("damaged", NULL, A, NULL, "the primary is not", "");
}

TEST(what_is_remembered)
{
    struct state kept = STATE_INIT;
    char a[] = A;
    char *both[2] = {a, NULL};
    kept.root = json_object();
    state_set_identity(&kept, ROLE_SECONDARY, B);
    identity_remember(&kept, both);
    assert_string_equal(state_identity(&kept, ROLE_PRIMARY), A);
    assert_string_equal(state_identity(&kept, ROLE_SECONDARY), B);
    state_release(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_database),
        cmocka_unit_test(what_is_accepted),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(what_is_remembered),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
