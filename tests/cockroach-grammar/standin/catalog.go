package main

import (
	_ "embed" // for catalog.sql
	"strings"
)

//go:embed catalog.sql
var catalogScript string

// catalog holds the names of crdb_standin that stand for others.
type catalog struct {
	relations map[string]bool
	functions map[string]bool
}

// readCatalog takes the names from the comment at the head of the script: a label, two blanks or more, names; a line without a label
// goes on with the one before.
func readCatalog() *catalog {
	c := &catalog{map[string]bool{}, map[string]bool{}}
	lists := map[string]map[string]bool{
		"pg_catalog": c.relations, "there but empty": c.relations, "information_schema": c.relations, "functions": c.functions,
	}
	head, _, _ := strings.Cut(catalogScript, "\n\\set")
	var into map[string]bool
	for _, line := range strings.Split(head, "\n") {
		label, names, _ := strings.Cut(strings.TrimPrefix(line, "-- "), "  ")
		if label != "" {
			into = lists[label]
		}
		for _, name := range strings.Fields(names) {
			if into != nil {
				into[name] = true
			}
		}
	}
	return c
}
