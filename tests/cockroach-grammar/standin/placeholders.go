package main

import "github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"

func refuseCorrelated(ast tree.Statement) *failure { return nil }

func refusePlaceholders(ast tree.Statement) *failure { return nil }
