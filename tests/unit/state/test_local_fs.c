/* Which file systems count as remote. None is mounted here: the judgement is tested on its inputs.
 */
#include "state/local_fs.h"
#include "unit.h"

#define FUSE 0x65735546UL

TEST(by_number)
{
    assert_string_equal(local_fs_remote_name(0x6969UL, NULL), "NFS");
    assert_string_equal(local_fs_remote_name(0xff534d42UL, NULL), "CIFS");
    assert_string_equal(local_fs_remote_name((unsigned long)(int32_t)0xfe534d42U, NULL), "SMB");
    assert_null(local_fs_remote_name(0xef53UL, NULL));     /* ext4 */
    assert_null(local_fs_remote_name(0x01021994UL, NULL)); /* tmpfs */
    assert_null(local_fs_remote_name(0x794c7630UL, NULL)); /* overlayfs */
}

TEST(fuse_by_name)
{
    assert_string_equal(local_fs_remote_name(FUSE, "fuse.sshfs"), "sshfs");
    assert_string_equal(local_fs_remote_name(FUSE, "fuse.glusterfs"), "gluster");
    assert_null(local_fs_remote_name(FUSE, "fuse.fuse-overlayfs"));
    assert_null(local_fs_remote_name(FUSE, "fuseblk"));
    assert_null(local_fs_remote_name(FUSE, NULL));
}

static void assert_type(const char *mounts, const char *path, const char *expected)
{
    char *type = local_fs_mount_type(mounts, path);
    if (expected)
        assert_string_equal(type, expected);
    else
        assert_null(type);
    free(type);
}

TEST(the_deepest_mount_counts)
{
    static const char mounts[] =
        "21 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "30 21 0:40 / /mnt/far rw,nosuid shared:5 master:1 - fuse.sshfs me@far:/ rw\n"
        "31 30 0:41 / /mnt/far/near rw - tmpfs tmpfs rw\n"
        "32 21 0:42 / /mnt/with\\040blank rw - fuse.rclone x rw\n"
        "33 31 0:43 / /mnt/far/near rw - fuse.s3fs x rw\n";
    assert_type(mounts, "/var/lib/dbr", "ext4");
    assert_type(mounts, "/mnt/far/state", "fuse.sshfs");
    assert_type(mounts, "/mnt/far", "fuse.sshfs");
    assert_type(mounts, "/mnt/farther", "ext4");
    assert_type(mounts, "/mnt/far/near/state", "fuse.s3fs");
    assert_type(mounts, "/mnt/with blank/x", "fuse.rclone");
    assert_type("", "/x", NULL);
    assert_type("garbage\n\n - \n1 2", "/x", NULL);
}

TEST(here_is_local)
{
    struct err err = ERR_INIT;
    assert_true(local_fs_check("/tmp", &err));
    assert_false(local_fs_check("/nonexistent", &err));
    assert_int_equal(err.code, ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_number),
        cmocka_unit_test(fuse_by_name),
        cmocka_unit_test(the_deepest_mount_counts),
        cmocka_unit_test(here_is_local),
    };
    return cmocka_run_group_tests_name("local_fs", tests, NULL, NULL);
}
