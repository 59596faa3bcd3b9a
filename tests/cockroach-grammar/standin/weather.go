// Failures that are CockroachDB's weather: made on command, or by chance.
package main

import (
	"fmt"
	"math/rand"
	"strings"
	"sync"
)

const retryMessage = "restart transaction: TransactionRetryWithProtoRefreshError: TransactionRetryError: retry txn (RETRY_SERIALIZABLE)"

var (
	retry     = &failure{"40001", retryMessage, "See: https://www.cockroachlabs.com/docs/v25.2/transaction-retry-error-reference.html#retry_serializable"}
	ambiguous = &failure{"40003", "result is ambiguous: error=ba: EndTxn: connection lost", ""}
	deadline  = &failure{"40001", "restart transaction: TransactionRetryWithProtoRefreshError: TransactionRetryError: retry txn " +
		"(RETRY_COMMIT_DEADLINE_EXCEEDED - txn timestamp pushed too much)", ""}
	memory      = &failure{"53200", "root: memory budget exceeded: 10240 bytes requested, 134217728 currently allocated", ""}
	unavailable = &failure{"58C00", "replica unavailable: (n1,s1):1 unable to serve request to r66", ""}
	schema      = &failure{"55C01", "schema of the table has changed, retry", ""}
)

// failures by what is injected; 40001 otherwise.
var failures = map[string]*failure{
	"40003-applied": ambiguous, "40003-lost": ambiguous, "deadline": deadline, "53200": memory, "58C00": unavailable, "55C01": schema,
}

// injection is a failure that is to come.
type injection struct {
	at      string // begin, statement, commit, copy
	what    string // 40001, drop, ...
	left    int
	match   string
	failure *failure
	drop    bool
}

// plan is what happens to one statement: instead is run in its place, or the statement itself where after is set; then why is
// reported, or the connection dropped. settle: a statement outside of a transaction, which is committed before that.
type plan struct {
	why     *failure
	instead string
	after   bool
	drop    bool
	settle  bool
}

type weather struct {
	mutex    sync.Mutex
	coming   []*injection
	percent  float64
	chance   *rand.Rand
	injected map[string]int
}

func newWeather(percent float64, seed int64) *weather {
	return &weather{percent: percent, chance: rand.New(rand.NewSource(seed)), injected: map[string]int{}}
}

// known lists what can be injected where.
var known = map[string]map[string]bool{
	"begin":     {"40001": true},
	"statement": {"40001": true, "53200": true, "58C00": true, "55C01": true, "40003-applied": true, "40003-lost": true, "drop-applied": true, "drop-lost": true},
	"commit":    {"40001": true, "deadline": true, "40003-applied": true, "40003-lost": true, "drop-applied": true, "drop-lost": true},
	"copy":      {"40001": true, "53200": true, "drop": true},
}

// inDoubt: whether it happened is what only a COMMIT may leave open, or a statement that is a transaction by itself.
func (i *injection) inDoubt() bool {
	return strings.HasSuffix(i.what, "-applied") || strings.HasSuffix(i.what, "-lost")
}

// meant tells whether an injection is for this statement; a COMMIT is known by the statements of its transaction.
func (i *injection) meant(at string, t *translation, c *session) bool {
	if i.at != at || at == "statement" && i.inDoubt() && c.explicit() {
		return false
	}
	if at != "commit" || i.match == "" {
		return strings.Contains(t.source, i.match)
	}
	for _, source := range c.transaction {
		if strings.Contains(source, i.match) {
			return true
		}
	}
	return false
}

func (w *weather) inject(at, what string, count int, match string) error {
	if !known[at][what] {
		return fmt.Errorf("cannot inject %s at %s", what, at)
	}
	i := &injection{at: at, what: what, left: count, match: match, failure: retry, drop: strings.HasPrefix(what, "drop")}
	if why, ok := failures[what]; ok {
		i.failure = why
	}
	w.mutex.Lock()
	w.coming = append(w.coming, i)
	w.mutex.Unlock()
	return nil
}

func (w *weather) reset() {
	w.mutex.Lock()
	w.coming, w.injected, w.percent = nil, map[string]int{}, 0
	w.mutex.Unlock()
}

func (w *weather) set(percent float64) {
	w.mutex.Lock()
	w.percent = percent
	w.mutex.Unlock()
}

// next takes the first injection that is meant for a statement, or what chance has for it.
func (w *weather) next(at string, t *translation, c *session) *injection {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for n, i := range w.coming {
		if !i.meant(at, t, c) {
			continue
		}
		if i.left--; i.left <= 0 {
			w.coming = append(w.coming[:n:n], w.coming[n+1:]...)
		}
		w.injected[at+" "+i.what]++
		return i
	}
	if w.percent > 0 && w.chance.Float64()*100 < w.percent {
		w.injected[at+" 40001"]++
		return &injection{at: at, what: "40001", failure: retry}
	}
	return nil
}

// plan is asked once for each statement that is about to be run.
func (w *weather) plan(t *translation, c *session) plan {
	if !t.weather || t.kind == copyIn {
		return plan{}
	}
	at := "statement"
	switch t.kind {
	case begin:
		at = "begin"
	case commit:
		at = "commit"
	}
	i := w.next(at, t, c)
	switch {
	case i == nil:
		return plan{}
	case i.what == "40003-applied":
		return plan{why: i.failure, after: true, settle: at == "statement"}
	case i.what == "drop-applied":
		return plan{drop: true, settle: at == "statement"}
	case i.drop:
		return plan{instead: "ROLLBACK", drop: true}
	case at != "commit":
		return plan{why: i.failure}
	}
	return plan{why: i.failure, instead: "ROLLBACK"}
}

// rows is asked once for each COPY FROM STDIN; the failure comes after the first rows.
func (w *weather) rows(t *translation, c *session) *injection { return w.next("copy", t, c) }
