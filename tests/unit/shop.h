/*
 * A hand-made model for the tests of schemas: users and orders with a serial key, an enum, checks,
 * a generated column, indexes, a deferrable foreign key, a view. Each test changes its own copy.
 */
#ifndef DBR_TESTS_SHOP_H
#define DBR_TESTS_SHOP_H

#include <string.h>

#include "db/model.h"

struct shop {
    const char *labels[4];
    struct model_type type;
    struct model_sequence sequence;
    struct model_column users[6], orders[4];
    size_t first[1], second[1];
    const char *ref[1];
    struct model_constraint users_constraints[4], orders_constraints[3];
    struct model_index_part pkey_part[1], email_part[1], lower_part[1], unique_part[1];
    struct model_index users_indexes[4];
    struct model_table tables[4];
    struct model_object objects[2];
    struct model model;
};

/* shop must stay where it is: the model points into it. */
__attribute__((unused)) static struct model *shop_open(struct shop *shop)
{
    memset(shop, 0, sizeof *shop);
    shop->labels[0] = "new";
    shop->labels[1] = "it's paid";
    shop->type = (struct model_type){
        .name = "status", .kind = TYPE_ENUM, .labels = shop->labels, .label_count = 2};
    shop->sequence = (struct model_sequence){.name = "users_id_seq",
                                             .type = "integer",
                                             .start = 1,
                                             .minimum = 1,
                                             .maximum = 2147483647,
                                             .increment = 1,
                                             .cache = 1,
                                             .owner_table = "users",
                                             .owner_column = "id"};
    struct model_column users[] = {
        {.name = "id",
         .type = "integer",
         .type_name = "int4",
         .not_null = true,
         .default_expr = "nextval('users_id_seq'::regclass)",
         .sequence = "users_id_seq"},
        {.name = "email",
         .type = "character varying(255)",
         .type_name = "varchar",
         .not_null = true},
        {.name = "state",
         .type = "status",
         .type_name = "status",
         .type_kind = 'e',
         .default_expr = "'new'::status"},
        {.name = "price", .type = "money", .type_name = "money", .comment = "it's dear"},
        {.name = "slug",
         .type = "text",
         .type_name = "text",
         .generated = 's',
         .generated_expr = "lower((email)::text)"},
    };
    struct model_column orders[] = {
        {.name = "id", .type = "bigint", .type_name = "int8", .not_null = true, .identity = 'a'},
        {.name = "user \"id\"", .type = "integer", .type_name = "int4"},
    };
    for (size_t i = 0; i < 5; i++) {
        users[i].type_schema = users[i].type_kind == 'e' ? "public" : "pg_catalog";
        users[i].statistics = -1;
    }
    for (size_t i = 0; i < 2; i++) {
        orders[i].type_schema = "pg_catalog";
        orders[i].statistics = -1;
    }
    memcpy(shop->users, users, sizeof users);
    memcpy(shop->orders, orders, sizeof orders);
    shop->second[0] = 1;
    shop->ref[0] = "id";
    struct model_constraint users_constraints[] = {
        {.name = "users_pkey", .type = 'p', .definition = "PRIMARY KEY (id)"},
        {.name = "users_email_check",
         .type = 'c',
         .definition = "CHECK ((email ~~ '%@%'::text))",
         .check_expr = "(email ~~ '%@%'::text)"},
        {.name = "users_email_key", .type = 'u', .definition = "UNIQUE (email) DEFERRABLE"},
    };
    struct model_constraint orders_constraints[] = {
        {.name = "orders_pkey", .type = 'p', .definition = "PRIMARY KEY (id)"},
        {.name = "orders_user_fkey",
         .type = 'f',
         .definition = "FOREIGN KEY (\"user \"\"id\"\"\") REFERENCES users(id) ON DELETE CASCADE "
                       "DEFERRABLE",
         .ref_table = "users",
         .on_delete = 'c',
         .on_update = 'a',
         .match = 's'},
    };
    for (size_t i = 0; i < 3; i++) {
        users_constraints[i].validated = users_constraints[i].enforced = true;
        users_constraints[i].columns = i == 0 ? shop->first : shop->second;
        users_constraints[i].column_count = 1;
    }
    for (size_t i = 0; i < 2; i++) {
        orders_constraints[i].validated = orders_constraints[i].enforced = true;
        orders_constraints[i].columns = i == 0 ? shop->first : shop->second;
        orders_constraints[i].column_count = 1;
    }
    users_constraints[2].deferrable = orders_constraints[1].deferrable = true;
    orders_constraints[1].ref_columns = shop->ref;
    orders_constraints[1].ref_column_count = 1;
    memcpy(shop->users_constraints, users_constraints, sizeof users_constraints);
    memcpy(shop->orders_constraints, orders_constraints, sizeof orders_constraints);
    shop->pkey_part[0].column = "id";
    shop->email_part[0].column = "email";
    shop->lower_part[0].expression = "lower((email)::text)";
    shop->unique_part[0].column = "state";
    shop->unique_part[0].descending = true;
    shop->unique_part[0].nulls_first = true;
    struct model_index indexes[] = {
        {.name = "users_pkey",
         .definition = "CREATE UNIQUE INDEX users_pkey ON public.users USING btree (id)",
         .unique = true,
         .primary = true,
         .constraint = true,
         .parts = shop->pkey_part,
         .part_count = 1},
        {.name = "users_email_key",
         .definition = "CREATE UNIQUE INDEX users_email_key ON public.users USING btree (email)",
         .unique = true,
         .constraint = true,
         .parts = shop->email_part,
         .part_count = 1},
        {.name = "users_lower",
         .definition =
             "CREATE INDEX users_lower ON public.users USING btree (lower((email)::text))",
         .parts = shop->lower_part,
         .part_count = 1},
        {.name = "users_state",
         .definition = "CREATE INDEX users_state ON public.users USING btree (state DESC) WHERE "
                       "(id > 5)",
         .parts = shop->unique_part,
         .part_count = 1,
         .predicate = "(id > 5)"},
    };
    for (size_t i = 0; i < 4; i++) {
        indexes[i].method = "btree";
        indexes[i].valid = indexes[i].immediate = true;
    }
    memcpy(shop->users_indexes, indexes, sizeof indexes);
    shop->tables[0] = (struct model_table){.name = "users",
                                           .kind = 'r',
                                           .comment = "people",
                                           .columns = shop->users,
                                           .column_count = 5,
                                           .constraints = shop->users_constraints,
                                           .constraint_count = 3,
                                           .indexes = shop->users_indexes,
                                           .index_count = 4,
                                           .key_kind = KEY_PRIMARY,
                                           .key_name = "users_pkey",
                                           .key_columns = shop->first,
                                           .key_count = 1};
    shop->tables[1] = (struct model_table){.name = "orders",
                                           .kind = 'r',
                                           .columns = shop->orders,
                                           .column_count = 2,
                                           .constraints = shop->orders_constraints,
                                           .constraint_count = 2,
                                           .key_kind = KEY_PRIMARY,
                                           .key_columns = shop->first,
                                           .key_count = 1};
    shop->objects[0] =
        (struct model_object){.kind = OBJECT_VIEW,
                              .name = "emails",
                              .plain = "emails",
                              .word = "view",
                              .definition = "CREATE VIEW public.emails AS SELECT email FROM users",
                              .comment_on = "VIEW public.emails"};
    shop->model = (struct model){.engine = ENGINE_POSTGRES,
                                 .version = 150000,
                                 .schema = "public",
                                 .tables = shop->tables,
                                 .table_count = 2,
                                 .sequences = &shop->sequence,
                                 .sequence_count = 1,
                                 .types = &shop->type,
                                 .type_count = 1,
                                 .objects = shop->objects,
                                 .object_count = 1};
    return &shop->model;
}

#endif
