/* SHA-256 against the examples that NIST publishes for FIPS 180-4 (SHA256.pdf: one block, two
 * blocks) and its secure hash standard vectors (SHA256ShortMsg, SHA256LongMsg), and at each length
 * around the ends of a block against the system's sha256sum. */
#include "base/sha256.h"

#include "base/buf.h"
#include "unit.h"

static void assert_digest(const void *data, size_t len, const char *expected)
{
    unsigned char digest[SHA256_SIZE];
    struct buf hex = BUF_INIT;
    sha256(data, len, digest);
    buf_add_hex(&hex, digest, sizeof digest);
    assert_string_equal(hex.data, expected);
    buf_release(&hex);
}

TEST(published_vectors)
{
    static char million[1000000];
    memset(million, 'a', sizeof million);
    assert_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56,
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_digest("\xd3", 1, "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1");
    assert_digest("\x11\xaf", 2,
                  "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98");
    assert_digest(million, sizeof million,
                  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Every length up to three blocks, against a sum over all their digests made with sha256sum:
 * for n in $(seq 0 192); do head -c $n /dev/zero | tr '\0' x | sha256sum | cut -c -64; done |
 * tr -d '\n' | sha256sum */
TEST(every_length)
{
    char text[192];
    struct buf all = BUF_INIT;
    memset(text, 'x', sizeof text);
    for (size_t len = 0; len <= sizeof text; len++) {
        unsigned char digest[SHA256_SIZE];
        sha256(text, len, digest);
        buf_add_hex(&all, digest, sizeof digest);
    }
    assert_digest(all.data, all.len,
                  "60d791e3fe413c2c186fa59473d44ce5b19affb97254298b42d062c2a5ab891a");
    buf_release(&all);
}

TEST(equal)
{
    unsigned char a[SHA256_SIZE];
    unsigned char b[SHA256_SIZE];
    sha256("abc", 3, a);
    sha256("abc", 3, b);
    assert_true(sha256_equal(a, b));
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        b[i] ^= 0x80;
        assert_false(sha256_equal(a, b));
        b[i] ^= 0x80;
    }
}

TEST(hex_digits)
{
    unsigned char read[SHA256_SIZE];
    unsigned char made[SHA256_SIZE];
    sha256("abc", 3, made);
    assert_true(
        sha256_parse("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", read));
    assert_true(sha256_equal(read, made));
    assert_true(
        sha256_parse("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", read));
    assert_true(sha256_equal(read, made));
    assert_false(sha256_parse("", read));
    assert_false(
        sha256_parse("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a", read));
    assert_false(
        sha256_parse("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015adx", read));
    assert_false(
        sha256_parse("ga7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", read));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(every_length),
        cmocka_unit_test(equal),
        cmocka_unit_test(hex_digits),
    };
    return cmocka_run_group_tests_name("sha256", tests, NULL, NULL);
}
