/* DB_CHECKS as it is read. */
#include "state/checks.h"
#include "unit.h"

static struct check_list list;

static void parse(const char *text)
{
    struct err err = ERR_INIT;
    if (!checks_parse(text, &list, &err))
        fail_msg("%s: %s", text, err.message);
}

static void refuse(const char *text, const char *part)
{
    struct err err = ERR_INIT;
    if (checks_parse(text, &list, &err))
        fail_msg("taken: %s", text);
    checks_release(&list);
    assert_int_equal(err.code, ERR_USAGE);
    if (!strstr(err.message, part))
        fail_msg("'%s' is not in: %s", part, err.message);
    assert_null(strstr(err.message, "hunter2"));
}

TEST(names_and_commands)
{
    parse("redis=redis-cli ping;web=curl -fsS localhost:5001/a?b=c\\;d ; q-1.x= x  ;;");
    assert_int_equal(list.count, 3);
    assert_string_equal(list.items[0].name, "redis");
    assert_string_equal(list.items[0].command, "redis-cli ping");
    assert_string_equal(list.items[1].command, "curl -fsS localhost:5001/a?b=c;d");
    assert_string_equal(list.items[2].name, "q-1.x");
    assert_string_equal(list.items[2].command, "x");
    assert_false(list.items[0].warn.given || list.items[0].crit.given);
    checks_release(&list);
    parse("");
    assert_int_equal(list.count, 0);
    checks_release(&list);
}

TEST(thresholds)
{
    parse("queue[warn>100,crit>5e2]=a;balance[crit<-1.5,warn<10]=b;one[warn>0]=c");
    const struct check_spec *queue = &list.items[0];
    assert_true(queue->warn.given && queue->crit.given);
    assert_false(check_limit_exceeded(&queue->warn, 100));
    assert_true(check_limit_exceeded(&queue->warn, 100.5));
    assert_true(check_limit_exceeded(&queue->crit, 501));
    assert_false(check_limit_exceeded(&queue->crit, 500));
    assert_true(check_limit_exceeded(&list.items[1].warn, 9));
    assert_false(check_limit_exceeded(&list.items[1].crit, -1.5));
    assert_true(check_limit_exceeded(&list.items[1].crit, -2));
    assert_false(check_limit_exceeded(&list.items[2].crit, 1e9));
    checks_release(&list);
}

TEST(what_is_refused)
{
    refuse("=hunter2", "check 1 has no name");
    refuse("a=b;echo x=hunter2", "has no");
    refuse("a", "check \"a\" has no command");
    refuse("a=  ;b=c", "check \"a\" has no command");
    refuse("a=hunter2;a=hunter2", "check \"a\" is there twice");
    refuse("a[warn>]=hunter2", "thresholds");
    refuse("a[warn=5]=hunter2", "thresholds");
    refuse("a[warn>5=hunter2", "thresholds");
    refuse("a[]=hunter2", "thresholds");
    refuse("a[warn>1,warn>2]=hunter2", "thresholds");
    refuse("a[warn>1,crit<2]=hunter2", "thresholds");
    refuse("a[warn>nan]=hunter2", "thresholds");
    refuse("a[fatal>1]=hunter2", "thresholds");
    refuse("a12345678901234567890123456789012345678901=x", "no name");
    char many[400] = "";
    for (int i = 0; i < 33; i++)
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), "c%d=x;", i);
    refuse(many, "more than 32");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_commands),
        cmocka_unit_test(thresholds),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
