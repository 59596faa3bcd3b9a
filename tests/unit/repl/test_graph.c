/* Things come after what they need; cycles end. */
#include "repl/graph.h"
#include "unit.h"

static void expect(const size_t edges[][2], size_t edge_count, size_t count, const size_t *order)
{
    struct graph graph = {.count = count};
    for (size_t i = 0; i < edge_count; i++)
        graph_edge(&graph, edges[i][0], edges[i][1]);
    graph_freeze(&graph);
    for (size_t i = 0; i < count; i++)
        graph_visit(&graph, i);
    assert_int_equal(graph.ordered, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(graph.order[i], order[i]);
    graph_restart(&graph);
    assert_int_equal(graph.ordered, 0);
    graph_visit(&graph, 0);
    assert_true(graph.ordered > 0 || count == 0);
    graph_release(&graph);
}

TEST(needs_come_first)
{
    const size_t edges[][2] = {{0, 3}, {3, 1}, {1, 2}, {0, 2}};
    const size_t order[] = {2, 1, 3, 0};
    expect(edges, 4, 4, order);
}

TEST(without_needs_the_order_stays)
{
    const size_t order[] = {0, 1, 2};
    expect(NULL, 0, 3, order);
}

TEST(cycles_and_self_references_end)
{
    const size_t edges[][2] = {{0, 1}, {1, 2}, {2, 0}, {1, 1}};
    const size_t order[] = {2, 1, 0};
    expect(edges, 4, 3, order);
}

TEST(long_chains_do_not_recurse)
{
    enum { LENGTH = 300000 };
    struct graph graph = {.count = LENGTH};
    for (size_t i = 0; i + 1 < LENGTH; i++)
        graph_edge(&graph, i, i + 1);
    graph_freeze(&graph);
    graph_visit(&graph, 0);
    assert_int_equal(graph.ordered, LENGTH);
    assert_int_equal(graph.order[0], LENGTH - 1);
    graph_release(&graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(needs_come_first),
        cmocka_unit_test(without_needs_the_order_stays),
        cmocka_unit_test(cycles_and_self_references_end),
        cmocka_unit_test(long_chains_do_not_recurse),
    };
    return cmocka_run_group_tests_name("graph", tests, NULL, NULL);
}
