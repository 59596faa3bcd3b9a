#include "repl/merge_internal.h"
bool merge_keep_parents(struct merging *m, struct err *err)
{
    (void)m;
    (void)err;
    return true;
}
