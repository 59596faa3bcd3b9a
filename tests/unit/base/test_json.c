/* JSON: what is set is printed and read back, what is broken is refused with its place. */
#include <math.h>

#include "base/json.h"
#include "unit.h"

static void assert_prints(const struct json *json, const char *want)
{
    struct buf out = BUF_INIT;

    json_print(json, false, &out);
    assert_string_equal(out.data, want);
    buf_release(&out);
}

static void assert_quotes(const char *text, const char *want)
{
    struct buf out = BUF_INIT;

    json_quote(&out, text);
    assert_string_equal(out.data, want);
    buf_release(&out);
}

static struct json *parse(const char *text)
{
    struct err err = ERR_INIT;
    struct json *json = json_parse(text, strlen(text), &err);
    if (!json)
        fail_msg("%s: %s", text, err.message);
    return json;
}

static void refused(const char *text, size_t len, const char *place)
{
    struct err err = ERR_INIT;
    struct json *json = json_parse(text, len, &err);
    if (json)
        fail_msg("accepted: %s", text);
    assert_int_equal(err.code, ERR_FAILED);
    if (!strstr(err.message, place))
        fail_msg("'%s' is not in: %s", place, err.message);
}

TEST(members_are_set_replaced_and_removed_in_place)
{
    struct json *root = json_object();

    json_set_str(root, "a", "x");
    json_set_int(root, "b", 1);
    json_set_bool(root, "c", true);
    json_set_null(root, "d");
    json_set_double(root, "e", 0.1);
    json_set_str(root, "f", NULL);
    json_set_int(root, "a", 2);
    assert_prints(root, "{\"a\":2,\"b\":1,\"c\":true,\"d\":null,\"e\":0.1,\"f\":null}");
    json_remove(root, "b");
    json_remove(root, "nothing");
    json_set_bool(root, "A", false);
    assert_prints(root, "{\"a\":2,\"c\":true,\"d\":null,\"e\":0.1,\"f\":null,\"A\":false}");
    json_free(root);
    json_free(NULL);
}

TEST(nested_values)
{
    struct json *root = json_object();
    struct json *object = json_set_object(root, "object");
    struct json *array = json_set_array(root, "array");

    json_set_int(object, "n", 1);
    json_add_str(array, "x");
    json_add_str(array, NULL);
    struct json *item = json_add(array, json_object());
    json_set_str(item, "k", "v");
    assert_prints(root, "{\"object\":{\"n\":1},\"array\":[\"x\",null,{\"k\":\"v\"}]}");

    struct json *copy = json_copy(root);
    json_set_int(object, "n", 2);
    assert_int_equal(json_int(json_get(copy, "object"), "n", 0), 1);
    json_free(root);
    assert_prints(copy, "{\"object\":{\"n\":1},\"array\":[\"x\",null,{\"k\":\"v\"}]}");
    json_free(copy);
    assert_null(json_copy(NULL));
}

TEST(pretty_form)
{
    struct json *root = parse("{\"a\":[1,{\"b\":null}],\"c\":{},\"d\":[]}");
    struct buf out = BUF_INIT;

    json_print(root, true, &out);
    assert_string_equal(out.data, "{\n  \"a\": [\n    1,\n    {\n      \"b\": null\n    }\n  ],\n"
                                  "  \"c\": {},\n  \"d\": []\n}");
    buf_release(&out);
    json_free(root);
    assert_prints(NULL, "null");
}

TEST(getters_give_the_default_for_another_kind)
{
    struct json *root =
        parse("{\"s\":\"x\",\"n\":1.5,\"b\":true,\"o\":{},\"a\":[\"y\",2],\"z\":null}");

    assert_string_equal(json_str(root, "s", "d"), "x");
    assert_string_equal(json_str(root, "n", "d"), "d");
    assert_string_equal(json_str(root, "S", "d"), "d");
    assert_null(json_str(root, "z", NULL));
    assert_int_equal(json_int(root, "n", 7), 1);
    assert_int_equal(json_int(root, "s", 7), 7);
    assert_true(json_double(root, "n", 0) > 1.4);
    assert_true(json_double(root, "b", 3) > 2.9);
    assert_true(json_bool(root, "b", false));
    assert_true(json_bool(root, "n", true));
    assert_true(json_is_object(json_get(root, "o")));
    assert_true(json_is_array(json_get(root, "a")));
    assert_true(json_is_null(json_get(root, "z")));
    assert_false(json_is_null(json_get(root, "nothing")));
    assert_int_equal(json_count(json_get(root, "a")), 2);
    assert_string_equal(json_at_str(json_get(root, "a"), 0), "y");
    assert_null(json_at_str(json_get(root, "a"), 1));
    assert_null(json_at(json_get(root, "a"), 2));
    assert_null(json_get(json_get(root, "a"), "x"));
    json_free(root);
}

TEST(nothing_is_an_empty_value)
{
    assert_null(json_get(NULL, "x"));
    assert_int_equal(json_int(NULL, "x", 3), 3);
    assert_int_equal(json_count(NULL), 0);
    assert_null(json_first(NULL));
    assert_null(json_next(NULL));
    assert_null(json_key(NULL));
    assert_null(json_at(NULL, 0));
    assert_false(json_is_object(NULL));
}

TEST(iteration)
{
    struct json *root = parse("{\"a\":1,\"b\":2,\"c\":3}");
    char keys[10] = "";

    for (struct json *item = json_first(root); item; item = json_next(item))
        strcat(keys, json_key(item));
    assert_string_equal(keys, "abc");
    json_free(root);
}

TEST(texts_in_place)
{
    struct json *array = json_array();
    struct buf text = BUF_INIT;
    json_add_str(array, "short");
    json_add(array, json_object());
    assert_string_equal(json_text(json_at(array, 0)), "short");
    assert_null(json_text(json_at(array, 1)));
    assert_null(json_text(NULL));
    assert_false(json_is_bool(array) || json_is_bool(NULL) || json_is_true(array));
    json_set_text(json_at(array, 0), "a text that is longer than the one before");
    json_print(array, false, &text);
    assert_string_equal(text.data, "[\"a text that is longer than the one before\",{}]");
    buf_release(&text);
    json_free(array);
}

TEST(valid_utf8)
{
    assert_true(json_is_utf8(""));
    assert_true(json_is_utf8("a\n\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"));
    assert_false(json_is_utf8("\xC3"));
    assert_false(json_is_utf8("\xC0\xAF"));
    assert_false(json_is_utf8("\xED\xA0\x80"));
    assert_false(json_is_utf8("x\xFF"));
}

TEST(integers_are_exact)
{
    static const int64_t numbers[] = {0,
                                      -1,
                                      INT32_MAX,
                                      INT32_MIN,
                                      4294967296,
                                      1000000000000000,
                                      INT64_C(1769286883910999),
                                      INT64_C(9007199254740992),
                                      -INT64_C(9007199254740992)};

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct json *root = json_object();
        struct buf out = BUF_INIT;
        char want[64];
        json_set_int(root, "n", numbers[i]);
        json_print(root, false, &out);
        (void)snprintf(want, sizeof want, "{\"n\":%lld}", (long long)numbers[i]);
        assert_string_equal(out.data, want);
        struct json *back = parse(out.data);
        assert_true(json_int(back, "n", 42) == numbers[i]);
        json_free(back);
        json_free(root);
        buf_release(&out);
    }
}

TEST(odd_numbers)
{
    struct json *root = parse("{\"huge\":1e300,\"neg\":-0.0,\"small\":1e-7}");

    assert_int_equal(json_int(root, "huge", 9), 9);
    assert_prints(root, "{\"huge\":1e+300,\"neg\":0,\"small\":1e-07}");
    json_set_double(root, "huge", NAN);
    json_set_double(root, "neg", INFINITY);
    json_set_double(root, "small", 1.0 / 3);
    assert_prints(root, "{\"huge\":null,\"neg\":null,\"small\":0.33333333333333331}");
    json_free(root);
}

TEST(strings_are_escaped_and_valid)
{
    assert_quotes(NULL, "null");
    assert_quotes("", "\"\"");
    assert_quotes("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
    assert_quotes("\b\f\n\r\t\001\037\x7F", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"");
    assert_quotes("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80",
                  "\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80\"");
}

#define BAD "\xEF\xBF\xBD"

TEST(invalid_utf8_is_replaced)
{
    assert_quotes("a\xFFz", "\"a" BAD "z\"");
    assert_quotes("\x80", "\"" BAD "\"");
    assert_quotes("\xC3", "\"" BAD "\"");
    assert_quotes("\xE2\x82", "\"" BAD BAD "\"");
    assert_quotes("\xC0\x80", "\"" BAD BAD "\"");                 /* overlong NUL */
    assert_quotes("\xE0\x80\x80", "\"" BAD BAD BAD "\"");         /* overlong */
    assert_quotes("\xED\xA0\x80", "\"" BAD BAD BAD "\"");         /* a surrogate */
    assert_quotes("\xF4\x90\x80\x80", "\"" BAD BAD BAD BAD "\""); /* beyond U+10FFFF */
    assert_quotes("\xF8\x88\x80\x80\x80", "\"" BAD BAD BAD BAD BAD "\"");
}

TEST(names_of_members_are_escaped_too)
{
    struct json *root = json_object();

    json_set_int(root, "a\"\n\xFF", 1);
    assert_prints(root, "{\"a\\\"\\n" BAD "\":1}");
    json_free(root);
}

TEST(any_text_survives_the_round_trip)
{
    char text[256];
    struct buf out = BUF_INIT;
    struct json *root = json_object();

    for (int i = 1; i < 128; i++)
        text[i - 1] = (char)i;
    text[127] = '\0';
    json_set_str(root, "t", text);
    json_print(root, true, &out);
    struct json *back = parse(out.data);
    assert_string_equal(json_str(back, "t", ""), text);
    json_free(back);
    json_free(root);
    buf_release(&out);
}

TEST(broken_text_is_refused_with_its_place)
{
    refused("", 0, "no value at line 1, column 1");
    refused("{", 1, "line 1");
    refused("{\n \"a\": 1,\n \"b\": }", 18, "line 3");
    refused("{\"a\":1} x", 9, "text after the value at line 1, column 9");
    refused("{\"a\":1}{\"b\":2}", 14, "text after the value at line 1, column 8");
    refused("nul", 3, "line 1");
    refused("{\"a\":\"x", 7, "line 1");
    refused("{'a':1}", 7, "line 1");
    refused("[1,]", 4, "line 1");
    refused("{\"a\":1,}", 8, "line 1");
    refused("\"\\x\"", 4, "line 1");
    refused("\"\\ud800\"", 8, "line 1");
}

TEST(nul_characters_are_refused)
{
    refused("{\"a\":\"b\0c\"}", 11, "a NUL character at line 1, column 8");
    refused("\"a\\u0000b\"", 10, "a NUL character at line 1, column 3");
    refused("{\"a\":1}\0", 8, "a NUL character");
    struct json *fine = parse("\"a\\\\u0000b\""); /* an escaped backslash before plain letters */
    assert_prints(fine, "\"a\\\\u0000b\"");
    json_free(fine);
}

TEST(length_counts_not_the_terminator)
{
    struct err err = ERR_INIT;
    struct json *root = json_parse("[1,2]garbage", 5, &err);

    assert_prints(root, "[1,2]");
    json_free(root);
    root = parse(" \t\r\n[1] \r\n");
    json_free(root);
}

TEST(deep_nesting_is_refused_not_a_crash)
{
    enum { DEPTH = 200000 };
    char *text = malloc(DEPTH);

    assert_non_null(text);
    memset(text, '[', DEPTH);
    refused(text, DEPTH, "line 1");
    free(text);
}

TEST(pieces_quote_as_the_whole_does)
{
    static const char text[] = "a\"\\\n\x01\x7f\xC3\xA9\xF0\x9F\x98\x80z";
    size_t len = strlen(text);

    for (size_t cut = 0; cut <= len; cut++) {
        struct buf whole = BUF_INIT;
        struct buf pieces = BUF_INIT;

        json_quote(&whole, text);
        buf_addch(&pieces, '"');
        json_quote_piece(&pieces, text, cut);
        json_quote_piece(&pieces, text + cut, len - cut);
        buf_addch(&pieces, '"');
        assert_string_equal(pieces.data, whole.data);
        buf_release(&whole);
        buf_release(&pieces);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_set_replaced_and_removed_in_place),
        cmocka_unit_test(nested_values),
        cmocka_unit_test(pretty_form),
        cmocka_unit_test(getters_give_the_default_for_another_kind),
        cmocka_unit_test(nothing_is_an_empty_value),
        cmocka_unit_test(iteration),
        cmocka_unit_test(texts_in_place),
        cmocka_unit_test(valid_utf8),
        cmocka_unit_test(integers_are_exact),
        cmocka_unit_test(odd_numbers),
        cmocka_unit_test(strings_are_escaped_and_valid),
        cmocka_unit_test(invalid_utf8_is_replaced),
        cmocka_unit_test(names_of_members_are_escaped_too),
        cmocka_unit_test(any_text_survives_the_round_trip),
        cmocka_unit_test(broken_text_is_refused_with_its_place),
        cmocka_unit_test(nul_characters_are_refused),
        cmocka_unit_test(length_counts_not_the_terminator),
        cmocka_unit_test(pieces_quote_as_the_whole_does),
        cmocka_unit_test(deep_nesting_is_refused_not_a_crash),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
