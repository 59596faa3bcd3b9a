package main

import (
	"reflect"
	"strings"
)

// walk calls visit for every node of a parsed statement, parents first, with a pointer to it. The parser's own walkers see
// expressions of some statements only. A node whose visit returns false is not entered.
func walk(node interface{}, visit func(interface{}) bool) {
	walkValue(reflect.ValueOf(node), visit)
}

func walkValue(v reflect.Value, visit func(interface{}) bool) {
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			walkValue(v.Elem(), visit)
		}
	case reflect.Ptr:
		if v.IsNil() || !ofTree(v.Type().Elem()) || v.CanInterface() && !visit(v.Interface()) {
			return
		}
		if v.Elem().Kind() == reflect.Struct {
			walkFields(v.Elem(), visit)
		} else {
			walkValue(v.Elem(), visit)
		}
	case reflect.Struct:
		if ofTree(v.Type()) && (!v.CanAddr() || !v.Addr().CanInterface() || visit(v.Addr().Interface())) {
			walkFields(v, visit)
		}
	case reflect.Slice, reflect.Array:
		for i := 0; i < v.Len(); i++ {
			walkValue(v.Index(i), visit)
		}
	}
}

func walkFields(v reflect.Value, visit func(interface{}) bool) {
	for i := 0; i < v.NumField(); i++ {
		if field := v.Type().Field(i); field.IsExported() || field.Anonymous {
			walkValue(v.Field(i), visit)
		}
	}
}

// ofTree tells the statement's own nodes from what hangs on them: types, values, resolved functions.
func ofTree(t reflect.Type) bool {
	path := t.PkgPath()
	return path == "" || strings.HasSuffix(path, "/sem/tree") || strings.HasSuffix(path, "/sem/treebin") || strings.HasSuffix(path, "/sem/treecmp")
}
