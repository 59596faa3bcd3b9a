/* Findings: the worst decides, and names the one thing to do next. */
#include "base/json.h"
#include "ops/findings.h"
#include "unit.h"

static void fill(struct findings *findings)
{
    findings_add(findings, FINDING_WELL, "state", NULL, "all of %d", 3);
    findings_add(findings, FINDING_WARNING, "sync", "run dbr-sync", "late");
    findings_add(findings, FINDING_DATABASE, "primary", NULL, "down\nfor now");
    findings_add(findings, FINDING_DATABASE, "secondary", "look at the secondary", "down");
    findings_add(findings, FINDING_WARNING, "pair", "set the clocks", "differ");
}

TEST(nothing_found)
{
    struct findings findings = FINDINGS_INIT;

    assert_int_equal(findings_worst(&findings), FINDING_WELL);
    assert_null(findings_next(&findings));
    findings_add(&findings, FINDING_WELL, "state", NULL, "fine");
    assert_int_equal(findings_worst(&findings), FINDING_WELL);
    assert_null(findings_next(&findings));
    findings_release(&findings);
    assert_int_equal(findings.count, 0);
}

TEST(the_worst_that_says_what_to_do_comes_next)
{
    struct findings findings = FINDINGS_INIT;

    fill(&findings);
    assert_int_equal(findings_worst(&findings), FINDING_DATABASE);
    assert_string_equal(findings_next(&findings), "look at the secondary");
    findings_add(&findings, FINDING_SETUP, "configuration", NULL, "broken");
    assert_int_equal(findings_worst(&findings), FINDING_SETUP);
    assert_string_equal(findings_next(&findings), "look at the secondary");
    findings_add(&findings, FINDING_SETUP, "configuration", "mend it", "broken");
    findings_add(&findings, FINDING_SETUP, "configuration", "mend that", "broken");
    assert_string_equal(findings_next(&findings), "mend it");
    findings_release(&findings);
}

TEST(many_are_kept_in_order)
{
    struct findings findings = FINDINGS_INIT;

    for (int i = 0; i < 100; i++)
        findings_add(&findings, FINDING_WELL, "state", NULL, "number %d", i);
    assert_int_equal(findings.count, 100);
    assert_string_equal(findings.items[99].text, "number 99");
    findings_release(&findings);
}

TEST(the_document)
{
    struct findings findings = FINDINGS_INIT;
    struct json *document = json_object();
    const struct json *checks;

    fill(&findings);
    findings_document(&findings, document);
    checks = json_get(document, "checks");
    assert_int_equal(json_count(checks), 5);
    assert_string_equal(json_str(json_at(checks, 0), "level", ""), "ok");
    assert_string_equal(json_str(json_at(checks, 0), "message", ""), "all of 3");
    assert_true(json_is_null(json_get(json_at(checks, 0), "hint")));
    assert_string_equal(json_str(json_at(checks, 1), "level", ""), "warning");
    assert_string_equal(json_str(json_at(checks, 3), "level", ""), "error");
    assert_string_equal(json_str(json_at(checks, 3), "area", ""), "secondary");
    assert_string_equal(json_str(document, "next", ""), "look at the secondary");
    json_free(document);
    findings_release(&findings);
}

static int print(void *context)
{
    const struct cli cli = {.color_out = *(bool *)context};
    struct findings findings = FINDINGS_INIT;

    fill(&findings);
    findings_print(&findings, &cli);
    findings_release(&findings);
    return 0;
}

TEST(the_list_for_people)
{
    char out[1000];
    bool color = false;

    assert_int_equal(unit_child(print, &color), 0);
    (void)unit_read("out", out, sizeof out);
    assert_string_equal(out, "ok       state         all of 3\n"
                             "warning  sync          late\n"
                             "                       what to do: run dbr-sync\n"
                             "error    primary       down for now\n"
                             "error    secondary     down\n"
                             "                       what to do: look at the secondary\n"
                             "warning  pair          differ\n"
                             "                       what to do: set the clocks\n"
                             "\n"
                             "next: look at the secondary\n");
    color = true;
    assert_int_equal(unit_child(print, &color), 0);
    (void)unit_read("out", out, sizeof out);
    assert_int_equal(strncmp(out, "\033[32mok      \033[0m state", 21), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_found),
        cmocka_unit_test(the_worst_that_says_what_to_do_comes_next),
        cmocka_unit_test(many_are_kept_in_order),
        cmocka_unit_test(the_document),
        IN_DIR(the_list_for_people),
    };
    return cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
