/* What is blotted out of the output of others. */
#include "base/err.h"
#include "state/secrets.h"
#include "unit.h"

#include <sys/stat.h>

TEST(passwords_and_tokens_in_every_form)
{
    struct config config;
    struct err err = ERR_INIT;
    struct strlist secrets = STRLIST_INIT;
    struct buf out = BUF_INIT;
    unit_write("f.env", "DATABASE_URL=postgresql://app:a%40b@one.example/app\n"
                        "DATABASE_URL_SECONDARY=\"host=h user=u password='a@bc' dbname=d\"\n"
                        "DB_PGBOUNCER_ADMIN_URL=postgresql://admin:adminpw@h/pgbouncer\n"
                        "DBR_API_TOKEN=tok\nDB_ON_EVENT=true\nDB_STATE_DIR=/x\n");
    assert_int_equal(chmod("f.env", 0600), 0);
    assert_true(config_load(&config, "f.env", NULL, false, &err));
    secrets_collect(&config, &secrets);
    secrets_mask(&secrets, "a@b a%40b a@bc adminpw tok true app a@", &out);
    assert_string_equal(out.data, "*** *** *** *** *** true app a@");
    buf_release(&out);
    strlist_release(&secrets);
    config_release(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_DIR(passwords_and_tokens_in_every_form)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
