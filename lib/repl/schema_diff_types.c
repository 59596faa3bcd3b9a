/* What changed in types and sequences since the target was created. */
#include <string.h>

#include "db/quote.h"
#include "repl/schema_diff.h"

static bool has_label(const struct model_type *type, const char *label)
{
    for (size_t i = 0; i < type->label_count; i++)
        if (strcmp(type->labels[i], label) == 0)
            return true;
    return false;
}

/* At the same place in a list of the same length, and each unknown to the other side. */
static bool renamed(const struct model_type *source, const struct model_type *target, size_t i)
{
    return source->label_count == target->label_count && !has_label(target, source->labels[i]) &&
           !has_label(source, target->labels[i]);
}

/* Each new value stands after the one before it, which is there by then. */
static void diff_enum(struct diff *diff, const struct model_type *source,
                      const struct model_type *target)
{
    for (size_t i = 0; i < source->label_count; i++) {
        if (has_label(target, source->labels[i]))
            continue;
        struct buf sql = BUF_INIT;
        buf_adds(&sql, "ALTER TYPE ");
        ddl_name(&sql, diff->source, source->name);
        if (renamed(source, target, i)) {
            buf_adds(&sql, " RENAME VALUE ");
            quote_literal(&sql, target->labels[i]);
            buf_adds(&sql, " TO ");
            quote_literal(&sql, source->labels[i]);
            ddl_add(&diff->ddl, &sql, NULL, false, "value '%s' of type %s", source->labels[i],
                    source->name);
            continue;
        }
        buf_adds(&sql, " ADD VALUE ");
        quote_literal(&sql, source->labels[i]);
        if (i > 0 || target->label_count > 0) {
            buf_adds(&sql, i > 0 ? " AFTER " : " BEFORE ");
            quote_literal(&sql, i > 0 ? source->labels[i - 1] : target->labels[0]);
        }
        ddl_add(&diff->ddl, &sql, NULL, false, "value '%s' of type %s", source->labels[i],
                source->name);
    }
    for (size_t i = 0; i < target->label_count; i++) {
        if (has_label(source, target->labels[i]) || renamed(source, target, i))
            continue;
        struct buf object = BUF_INIT;
        buf_addf(&object, "value '%s' of type %s", target->labels[i], target->name);
        ddl_not_carried(&diff->ddl, object.data, "a value cannot be removed; it stays, unused");
        buf_release(&object);
    }
    diff_add(diff, PLAN_STRUCTURE);
}

static const struct model_constraint *domain_check(const struct model_type *type, const char *name)
{
    for (size_t i = 0; i < type->check_count; i++)
        if (strcmp(type->checks[i].name, name) == 0)
            return &type->checks[i];
    return NULL;
}

static void alter_domain(struct diff *diff, struct buf *sql, const struct model_type *type)
{
    buf_adds(sql, "ALTER DOMAIN ");
    ddl_name(sql, diff->source, type->name);
}

static void drop_check(struct diff *diff, const struct model_type *type, const char *name)
{
    struct buf sql = BUF_INIT;
    alter_domain(diff, &sql, type);
    buf_adds(&sql, " DROP CONSTRAINT ");
    quote_ident(&sql, name);
    ddl_add(&diff->ddl, &sql, NULL, false, "constraint %s of domain %s", name, type->name);
}

static void diff_domain(struct diff *diff, const struct model_type *source,
                        const struct model_type *target)
{
    struct buf sql = BUF_INIT;
    if (!diff_same(source->base, target->base)) {
        buf_addf(&sql, "domain %s", source->name);
        ddl_not_carried(&diff->ddl, sql.data, "its type is now %s and cannot be changed from %s",
                        source->base, target->base);
        buf_reset(&sql);
    }
    bool same_default = diff->same_text ? diff_same(source->default_expr, target->default_expr)
                                        : !source->default_expr == !target->default_expr;
    if (!same_default) {
        alter_domain(diff, &sql, source);
        if (source->default_expr)
            buf_addf(&sql, " SET DEFAULT %s", source->default_expr);
        else
            buf_adds(&sql, " DROP DEFAULT");
        ddl_add(&diff->ddl, &sql, NULL, false, "default of domain %s", source->name);
    }
    if (source->not_null != target->not_null) {
        alter_domain(diff, &sql, source);
        buf_adds(&sql, source->not_null ? " SET NOT NULL" : " DROP NOT NULL");
        ddl_add(&diff->ddl, &sql, NULL, false, "NOT NULL of domain %s", source->name);
        diff_add(diff, source->not_null ? PLAN_KEYS : PLAN_STRUCTURE);
    }
    for (size_t i = 0; i < source->check_count; i++) {
        const struct model_constraint *ours = &source->checks[i];
        const struct model_constraint *theirs = domain_check(target, ours->name);
        bool same =
            theirs && (diff->same_text ? diff_same_expr(ours->definition, theirs->definition)
                                       : diff_alike(ours->definition, theirs->definition));
        if (same)
            continue;
        if (theirs)
            drop_check(diff, source, ours->name);
        alter_domain(diff, &sql, source);
        buf_adds(&sql, " ADD CONSTRAINT ");
        quote_ident(&sql, ours->name);
        buf_addf(&sql, " %s", ours->definition);
        ddl_add(&diff->ddl, &sql, NULL, false, "constraint %s of domain %s", ours->name,
                source->name);
    }
    diff_add(diff, PLAN_KEYS);
    for (size_t i = 0; i < target->check_count; i++)
        if (!domain_check(source, target->checks[i].name))
            drop_check(diff, target, target->checks[i].name);
    diff_remove(diff);
    buf_release(&sql);
}

static const struct model_column *attribute(const struct model_type *type, const char *name)
{
    for (size_t i = 0; i < type->attribute_count; i++)
        if (strcmp(type->attributes[i].name, name) == 0)
            return &type->attributes[i];
    return NULL;
}

static void alter_attribute(struct diff *diff, const struct model_type *type, const char *verb,
                            const char *name, const char *rest)
{
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "ALTER TYPE ");
    ddl_name(&sql, diff->source, type->name);
    buf_addf(&sql, " %s ATTRIBUTE ", verb);
    quote_ident(&sql, name);
    buf_adds(&sql, rest);
    ddl_add(&diff->ddl, &sql, NULL, false, "attribute %s of type %s", name, type->name);
}

/* Every column of that type loses a part of its values, and so do arrays of it. */
static void lose_part(struct diff *diff, const struct model_type *type)
{
    for (size_t i = 0; i < diff->target->table_count; i++) {
        const struct model_table *table = &diff->target->tables[i];
        for (size_t c = 0; c < table->column_count; c++) {
            const char *name = table->columns[c].type_name;
            if (strcmp(name + (*name == '_'), type->name) == 0)
                diff_lose(diff, table, &table->columns[c]);
        }
    }
}

static void diff_composite(struct diff *diff, const struct model_type *source,
                           const struct model_type *target)
{
    struct buf rest = BUF_INIT;
    for (size_t i = 0; i < source->attribute_count; i++) {
        const struct model_column *ours = &source->attributes[i];
        const struct model_column *theirs = attribute(target, ours->name);
        buf_reset(&rest);
        buf_addf(&rest, "%s%s", theirs ? " TYPE " : " ", ours->type);
        if (ours->collation)
            buf_addf(&rest, " COLLATE %s", ours->collation);
        if (!theirs) {
            alter_attribute(diff, source, "ADD", ours->name, rest.data);
            diff_add(diff, PLAN_STRUCTURE);
        } else if (diff->postgres && !diff_same(ours->type, theirs->type)) {
            alter_attribute(diff, source, "ALTER", ours->name, rest.data);
            diff_remove(diff);
            lose_part(diff, target);
        }
    }
    for (size_t i = 0; i < target->attribute_count; i++) {
        if (attribute(source, target->attributes[i].name))
            continue;
        alter_attribute(diff, source, "DROP", target->attributes[i].name, "");
        diff_remove(diff);
        lose_part(diff, target);
    }
    buf_release(&rest);
}

void diff_type(struct diff *diff, const struct model_type *type)
{
    const struct model_type *target = model_type(diff->target, type->name);
    if (!target) {
        diff->engine->ddl->type(&diff->ddl, type);
        if (diff->engine->ddl->type_late)
            diff->engine->ddl->type_late(&diff->ddl, type);
        /* A type that the target's engine does not have was noted when the schema was created. */
        if (diff->ddl.statement_count > 0)
            diff_add(diff, PLAN_STRUCTURE);
        diff_discard(diff);
        return;
    }
    if (target->kind != type->kind) {
        struct buf object = BUF_INIT;
        buf_addf(&object, "type %s", type->name);
        ddl_not_carried(&diff->ddl, object.data, "it has become a type of another kind");
        buf_release(&object);
        diff_add(diff, PLAN_STRUCTURE);
    } else if (type->kind == TYPE_ENUM) {
        diff_enum(diff, type, target);
    } else if (type->kind == TYPE_DOMAIN && diff->postgres) {
        diff_domain(diff, type, target);
    } else if (type->kind == TYPE_COMPOSITE) {
        diff_composite(diff, type, target);
    }
}

void diff_types(struct diff *diff)
{
    for (size_t i = diff->target->type_count; i-- > 0;) {
        const struct model_type *type = &diff->target->types[i];
        if (model_type(diff->source, type->name) || diff_excluded_uses(diff, type->name) ||
            !diff_missing_type(diff, type))
            continue;
        struct buf sql = BUF_INIT;
        buf_adds(&sql, type->kind == TYPE_DOMAIN ? "DROP DOMAIN " : "DROP TYPE ");
        ddl_name(&sql, diff->target, type->name);
        ddl_add(&diff->ddl, &sql, NULL, false, "type %s", type->name);
    }
    diff_remove(diff);
}

static bool same_limits(const struct diff *diff, const struct model_sequence *a,
                        const struct model_sequence *b)
{
    bool same =
        a->increment == b->increment && a->minimum == b->minimum && a->maximum == b->maximum;
    return same && (diff->unlike ||
                    (a->cache == b->cache && a->cycle == b->cycle && diff_same(a->type, b->type)));
}

static void alter_sequence(struct diff *diff, const struct model_sequence *sequence,
                           const struct model_table *owner)
{
    struct buf sql = BUF_INIT;
    buf_adds(&sql, "ALTER SEQUENCE ");
    ddl_name(&sql, diff->source, sequence->name);
    if (diff->unlike) {
        buf_addf(&sql, " INCREMENT BY %lld MINVALUE %lld MAXVALUE %lld",
                 (long long)sequence->increment, (long long)sequence->minimum,
                 (long long)sequence->maximum);
    } else {
        ddl_sequence_options(&sql, sequence, sequence->type, sequence->cycle);
        if (sequence->cache == 1)
            buf_adds(&sql, " CACHE 1");
        if (!sequence->cycle)
            buf_adds(&sql, " NO CYCLE");
    }
    ddl_add(&diff->ddl, &sql, owner, false, "sequence %s", sequence->name);
}

void diff_sequences(struct diff *diff)
{
    for (size_t i = 0; i < diff->source->sequence_count; i++) {
        const struct model_sequence *ours = &diff->source->sequences[i];
        const struct model_sequence *theirs = model_sequence(diff->target, ours->name);
        const struct model_table *owner = model_table(diff->source, ours->owner_table);
        if (owner && owner->excluded)
            continue;
        if (!theirs && plan_sequence_created(diff->source, ours, diff->engine->ddl)) {
            diff->engine->ddl->sequence(&diff->ddl, ours);
        } else if (theirs && !same_limits(diff, ours, theirs) &&
                   (diff->unlike || (diff->postgres && ours->identity == theirs->identity))) {
            alter_sequence(diff, ours, owner);
        }
    }
    diff_add(diff, PLAN_STRUCTURE);
}

void diff_drop_sequences(struct diff *diff)
{
    for (size_t i = 0; i < diff->target->sequence_count; i++) {
        const struct model_sequence *theirs = &diff->target->sequences[i];
        const struct model_table *owner = model_table(diff->target, theirs->owner_table);
        if (theirs->identity || model_sequence(diff->source, theirs->name) ||
            (owner && owner->excluded) || diff_excluded_uses(diff, theirs->name))
            continue;
        struct buf sql = BUF_INIT;
        buf_adds(&sql, "DROP SEQUENCE IF EXISTS ");
        ddl_name(&sql, diff->target, theirs->name);
        ddl_add(&diff->ddl, &sql, NULL, false, "sequence %s", theirs->name);
    }
    diff_remove(diff);
}

void diff_keep_sequences(struct diff *diff)
{
    for (size_t i = 0; i < diff->target->sequence_count; i++) {
        const struct model_sequence *theirs = &diff->target->sequences[i];
        const struct model_table *owner = model_table(diff->source, theirs->owner_table);
        if (!theirs->owner_table || theirs->identity ||
            !model_sequence(diff->source, theirs->name) ||
            (owner && model_column(owner, theirs->owner_column) && !diff_replaced(diff, owner)))
            continue;
        struct buf sql = BUF_INIT;
        buf_adds(&sql, "ALTER SEQUENCE ");
        ddl_name(&sql, diff->target, theirs->name);
        buf_adds(&sql, " OWNED BY NONE");
        ddl_add(&diff->ddl, &sql, NULL, false, "owner of sequence %s", theirs->name);
    }
    diff_remove(diff);
}
