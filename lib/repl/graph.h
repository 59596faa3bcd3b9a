/*
 * A small directed graph of numbered things that need each other, and walking it so that each comes
 * after what it needs.
 *
 *     struct graph graph = {.count = n};
 *     graph_edge(&graph, a, b); ... graph_freeze(&graph);
 *     graph_visit(&graph, i) for each i wanted; then graph.order[0 .. graph.ordered)
 *     graph_release(&graph);
 */
#ifndef DBR_REPL_GRAPH_H
#define DBR_REPL_GRAPH_H

#include <stddef.h>

struct graph {
    size_t count;
    size_t *from, *to; /* edges: from needs to; sorted by from once frozen */
    size_t edge_count, edge_cap;
    size_t *first; /* of each node, into the edges; count + 1 of them */
    char *seen;
    size_t *stack, *next;
    size_t *order;
    size_t ordered;
};

/* from needs to. An edge to itself is no edge. */
void graph_edge(struct graph *graph, size_t from, size_t to);
/* Ends the adding of edges. */
void graph_freeze(struct graph *graph);
/* Appends node, after all that it needs, unless it was visited before. A cycle is cut where it
 * closes. */
void graph_visit(struct graph *graph, size_t node);
/* Forgets what was visited. */
void graph_restart(struct graph *graph);
void graph_release(struct graph *graph);

#endif
