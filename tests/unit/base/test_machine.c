/* What the machine tells: figures that must hold on any of them. */
#include <time.h>

#include "base/machine.h"
#include "unit.h"

TEST(cpu_between_two_samples)
{
    struct machine_cpu a = {100, 1000, false};
    struct machine_cpu b = {150, 1100, false};
    struct machine_cpu limited = {150, 1100, true};
    struct machine_cpu over = {400, 1100, false};
    assert_true(machine_cpu_percent(&a, &b) == 50);
    assert_true(machine_cpu_percent(&a, &a) < 0);
    assert_true(machine_cpu_percent(&b, &a) < 0);
    assert_true(machine_cpu_percent(&a, &limited) < 0);
    assert_true(machine_cpu_percent(&a, &over) == 100);
}

TEST(this_machine)
{
    struct machine_cpu cpu;
    struct machine_memory memory;
    struct machine_disk disk;
    assert_true(machine_cpu(&cpu));
    assert_true(cpu.total > 0 && cpu.busy > 0);
    assert_true(machine_memory(&memory));
    assert_true(memory.used > 0 && memory.used <= memory.total);
    assert_true(machine_disk("/", &disk));
    assert_true(disk.used >= 0 && disk.used <= disk.total);
    assert_false(machine_disk("./none", &disk));
    assert_true(machine_uptime_s() > 0);
    assert_true(machine_cores() > 0);
}

TEST(this_process)
{
    struct machine_process process;
    volatile double sink = 0;
    /* Of its own time: a busy machine gives it little. */
    while (clock() < CLOCKS_PER_SEC / 20)
        sink += 1;
    assert_true(machine_process(getpid(), &process));
    assert_true(process.memory > 100000);
    assert_true(process.cpu_ms > 0);
    assert_true(process.started_s <= machine_uptime_s());
    assert_false(machine_process(0, &process));
    assert_false(machine_process(0x7ffffff, &process));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_between_two_samples),
        cmocka_unit_test(this_machine),
        cmocka_unit_test(this_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
