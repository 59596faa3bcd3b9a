/* SipHash-2-4 against the vectors that its authors published (github.com/veorq/SipHash, vectors.h):
 * the sum of the bytes 00, 01, ... of each length. */
#include "base/siphash.h"
#include "unit.h"

static uint64_t sum(const unsigned char *bytes, size_t len, size_t cut)
{
    struct siphash hash;

    siphash_init(&hash);
    siphash_add(&hash, bytes, cut);
    siphash_add(&hash, bytes + cut, len - cut);
    return siphash_end(&hash);
}

TEST(published_vectors)
{
    static const uint64_t expected[] = {
        UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd), UINT64_C(0x0d6c8009d9a94f5a),
        UINT64_C(0x85676696d7fb7e2d), UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
        UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137), UINT64_C(0x93f5f5799a932462),
    };
    unsigned char bytes[16];
    size_t i;

    for (i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)i;
    for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        assert_true(sum(bytes, i, 0) == expected[i]);
    /* the example of the paper */
    assert_true(sum(bytes, 15, 0) == UINT64_C(0xa129ca6149be45e5));
}

TEST(cuts_make_no_difference)
{
    static const unsigned char bytes[] = "a text that is longer than one word";
    size_t cut;

    for (cut = 0; cut <= sizeof(bytes); cut++)
        assert_true(sum(bytes, sizeof(bytes), cut) == sum(bytes, sizeof(bytes), 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(cuts_make_no_difference),
    };
    return cmocka_run_group_tests_name("siphash", tests, NULL, NULL);
}
