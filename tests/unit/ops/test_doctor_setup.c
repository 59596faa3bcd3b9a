/* What the doctor makes of the configuration: an address that is a pooler's. */
#include <stdlib.h>
#include <string.h>

#include "ops/doctor_checks.h"
#include "unit.h"

static const struct finding *find(const struct findings *findings, const char *part)
{
    for (size_t i = 0; i < findings->count; i++) {
        if (strstr(findings->items[i].text, part))
            return &findings->items[i];
    }
    return NULL;
}

/* What is advised about the URLs of these keys; NULL: nothing of a pooler. */
static void advised(const char *direct, const char *secondary, const char *next)
{
    struct config config;
    struct findings findings = FINDINGS_INIT;
    struct err err = ERR_INIT;

    assert_int_equal(setenv("DATABASE_URL", "postgresql://app:s3cret@db.example.com/shop", 1), 0);
    assert_int_equal(setenv("DATABASE_URL_DIRECT", direct, 1), 0);
    assert_int_equal(setenv("DATABASE_URL_SECONDARY", secondary, 1), 0);
    (void)unsetenv("DBR_ENV_FILE");
    assert_true(config_load(&config, NULL, unit_dir, true, &err));
    doctor_check_config(&config, &findings);
    const struct finding *found = find(&findings, "connection pooler");
    if (next) {
        assert_non_null(found);
        assert_int_equal(found->level, FINDING_WARNING);
        assert_non_null(strstr(found->next, next));
        assert_null(strstr(found->text, "s3cret"));
    } else {
        assert_null(found);
    }
    findings_release(&findings);
    config_release(&config);
}

TEST(poolers)
{
    static const char plain[] = "postgresql://app:s3cret@db.example.com/shop";
    static const char other[] = "postgresql://app:s3cret@db.example.org:26257/shop";

    advised(plain, other, NULL);
    /* Of such a one dbr drops "-pooler" by itself, unless it is named on purpose. */
    advised(plain, "postgresql://app:s3cret@ep-1-pooler.eu.aws.neon.tech/shop", NULL);
    advised("postgresql://app:s3cret@ep-1-pooler.eu.aws.neon.tech/shop", other,
            "DATABASE_URL_DIRECT");
    advised("postgresql://app:s3cret@shop-pooler.example.com/shop", other, "DATABASE_URL_DIRECT");
    advised("postgresql://app:s3cret@eu.pooler.example.com/shop", other, "DATABASE_URL_DIRECT");
    advised("postgresql://app:s3cret@127.0.0.1:6432/shop", other, "DATABASE_URL_DIRECT");
    advised(plain, "postgresql://app:s3cret@db.example.org:6543/shop", "DATABASE_URL_SECONDARY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_DIR(poolers)};
    return cmocka_run_group_tests_name("doctor_setup", tests, NULL, NULL);
}
