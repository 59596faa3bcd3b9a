/* The limits of a container, from files as the kernel writes them. */
#include <sys/stat.h>

#include "base/cgroup.h"
#include "unit.h"

static void make_directory(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

TEST(version_2)
{
    int64_t used = 0;
    make_directory("two");
    unit_write("two/cpu.max", "150000 100000\n");
    unit_write("two/cpu.stat", "nr_periods 5\nusage_usec 4000000\nuser_usec 3000000\n");
    unit_write("two/memory.max", "1073741824\n");
    unit_write("two/memory.current", "524288000\n");
    unit_write("two/memory.stat", "anon 100\ninactive_file 24288000\n");
    assert_true(cgroup_cpu("two", &used) == 1.5);
    assert_int_equal(used, 4000000);
    assert_int_equal(cgroup_memory("two", &used), 1073741824);
    assert_int_equal(used, 500000000);
}

TEST(version_2_without_limits)
{
    int64_t used;
    make_directory("free");
    unit_write("free/cpu.max", "max 100000\n");
    unit_write("free/cpu.stat", "usage_usec 4000000\n");
    unit_write("free/memory.max", "max\n");
    unit_write("free/memory.current", "524288000\n");
    assert_true(cgroup_cpu("free", &used) < 0);
    assert_int_equal(cgroup_memory("free", &used), -1);
}

TEST(version_1)
{
    int64_t used = 0;
    make_directory("one");
    make_directory("one/cpu");
    make_directory("one/cpuacct");
    make_directory("one/memory");
    unit_write("one/cpu/cpu.cfs_quota_us", "50000\n");
    unit_write("one/cpu/cpu.cfs_period_us", "100000\n");
    unit_write("one/cpuacct/cpuacct.usage", "4000000000\n");
    unit_write("one/memory/memory.limit_in_bytes", "1073741824\n");
    unit_write("one/memory/memory.usage_in_bytes", "524288000\n");
    unit_write("one/memory/memory.stat", "inactive_file 1\ntotal_inactive_file 24288000\n");
    assert_true(cgroup_cpu("one", &used) == 0.5);
    assert_int_equal(used, 4000000);
    assert_int_equal(cgroup_memory("one", &used), 1073741824);
    assert_int_equal(used, 500000000);
    unit_write("one/cpu/cpu.cfs_quota_us", "-1\n");
    assert_true(cgroup_cpu("one", &used) < 0);
}

TEST(what_cannot_be_read)
{
    int64_t used;
    make_directory("odd");
    assert_true(cgroup_cpu("none", &used) < 0);
    assert_int_equal(cgroup_memory("none", &used), -1);
    unit_write("odd/cpu.max", "");
    unit_write("odd/memory.max", "x\n");
    assert_true(cgroup_cpu("odd", &used) < 0);
    assert_int_equal(cgroup_memory("odd", &used), -1);
    unit_write("odd/cpu.max", "150000 100000\n"); /* and no cpu.stat */
    assert_true(cgroup_cpu("odd", &used) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_DIR(version_2),
        IN_DIR(version_2_without_limits),
        IN_DIR(version_1),
        IN_DIR(what_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
