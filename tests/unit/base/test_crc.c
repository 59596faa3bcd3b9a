/* The checksum: the value that all others agree on, in one piece or many. */
#include "base/crc.h"
#include "unit.h"

TEST(the_known_value)
{
    assert_int_equal(crc_add(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(crc_add(0, "", 0), 0);
    assert_int_equal(crc_add(0, NULL, 0), 0);
}

TEST(pieces_make_the_whole)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < 9; i++) {
        crc = crc_add(crc, &"123456789"[i], 1);
        crc = crc_add(crc, NULL, 0);
    }
    assert_int_equal(crc, 0xcbf43926);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_value),
        cmocka_unit_test(pieces_make_the_whole),
    };
    return cmocka_run_group_tests_name("crc", tests, NULL, NULL);
}
