/* Topological order by depth-first search; the edges lie in one array, bucketed by where they
 * start. */
#include "repl/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void graph_edge(struct graph *graph, size_t from, size_t to)
{
    if (from == to)
        return;
    if (graph->edge_count == graph->edge_cap) {
        graph->edge_cap = graph->edge_cap ? 2 * graph->edge_cap : 64;
        graph->from = mem_array(graph->from, graph->edge_cap, sizeof *graph->from);
        graph->to = mem_array(graph->to, graph->edge_cap, sizeof *graph->to);
    }
    graph->from[graph->edge_count] = from;
    graph->to[graph->edge_count++] = to;
}

/* Buckets the edges by where they start, keeping their order within a bucket. */
void graph_freeze(struct graph *graph)
{
    graph->first = mem_alloc((graph->count + 2) * sizeof *graph->first);
    for (size_t e = 0; e < graph->edge_count; e++)
        graph->first[graph->from[e] + 2]++;
    for (size_t n = 0; n < graph->count; n++)
        graph->first[n + 2] += graph->first[n + 1];
    size_t *sorted = mem_alloc((graph->edge_count + 1) * sizeof *sorted);
    for (size_t e = 0; e < graph->edge_count; e++)
        sorted[graph->first[graph->from[e] + 1]++] = graph->to[e];
    free(graph->to);
    graph->to = sorted;
    graph->seen = mem_alloc(graph->count + 1);
    graph->stack = mem_alloc((graph->count + 1) * sizeof *graph->stack);
    graph->next = mem_alloc((graph->count + 1) * sizeof *graph->next);
    graph->order = mem_alloc((graph->count + 1) * sizeof *graph->order);
}

/* Depth first without recursion: chains of foreign keys may be long. */
void graph_visit(struct graph *graph, size_t node)
{
    if (graph->seen[node])
        return;
    size_t depth = 0;
    graph->seen[node] = 1;
    graph->stack[depth] = node;
    graph->next[depth++] = graph->first[node];
    while (depth > 0) {
        size_t top = graph->stack[depth - 1];
        if (graph->next[depth - 1] == graph->first[top + 1]) {
            graph->order[graph->ordered++] = top;
            depth--;
            continue;
        }
        size_t needed = graph->to[graph->next[depth - 1]++];
        if (!graph->seen[needed]) {
            graph->seen[needed] = 1;
            graph->stack[depth] = needed;
            graph->next[depth++] = graph->first[needed];
        }
    }
}

void graph_restart(struct graph *graph)
{
    memset(graph->seen, 0, graph->count);
    graph->ordered = 0;
}

void graph_release(struct graph *graph)
{
    free(graph->from);
    free(graph->to);
    free(graph->first);
    free(graph->seen);
    free(graph->stack);
    free(graph->next);
    free(graph->order);
}
