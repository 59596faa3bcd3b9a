// What PostgreSQL still has to answer. Every message that goes to it is entered here first, so that each answer finds the message
// it belongs to: answers to messages of the stand-in's own are swallowed, others are replaced.
package main

import "sync"

// step is one statement of a simple query.
type step struct {
	hidden bool     // the stand-in's own
	fails  *failure // what its failure, which is intended, is reported as
	tag    string   // replaces the command tag; "" leaves it
	drop   bool     // the connection ends when it is done
}

// answer belongs to one message: kind is the message's.
type answer struct {
	kind byte
	step
	steps   []step   // of a simple query
	at      int      // in steps
	columns *columns // what a Describe is to fill
	portal  *portal
	own     columns // of the rows of a simple query
	lines   *lines  // of a COPY ... TO
}

// columns is how the rows of a prepared statement or a portal are to be reworded; only the reader of PostgreSQL's answers uses it.
type columns struct {
	known bool
	forms []form
	plain bool // nothing to reword
}

type portal struct {
	columns
	statement *prepared
	formats   []int
}

type answers struct {
	mutex   sync.Mutex
	changed sync.Cond
	list    []*answer
	first   int
	syncs   int // messages in the list that end in ReadyForQuery
	status  byte
	ended   bool
	deaf    bool // after an error PostgreSQL takes nothing up to the next Sync, and answers nothing
}

func ends(kind byte) bool { return kind == 'S' || kind == 'Q' || kind == 'F' }

func (a *answers) add(entry answer) *answer {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.deaf = a.deaf && entry.kind != 'S'; a.deaf {
		return &entry
	}
	a.list = append(a.list, &entry)
	if ends(entry.kind) {
		a.syncs++
	}
	return &entry
}

// fail names the reason for the failure of a simple query that is already on its way.
func (a *answers) fail(entry *answer, why *failure) {
	a.mutex.Lock()
	for i := range entry.steps {
		entry.steps[i].fails = why
	}
	a.mutex.Unlock()
}

// front returns the message that is being answered, nil when none is.
func (a *answers) front() *answer {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.first == len(a.list) {
		return nil
	}
	return a.list[a.first]
}

func (a *answers) pop() {
	a.mutex.Lock()
	a.popLocked()
	a.mutex.Unlock()
}

func (a *answers) popLocked() {
	if ends(a.list[a.first].kind) {
		a.syncs--
		a.changed.Broadcast()
	}
	a.list[a.first] = nil
	a.first++
	if a.first == len(a.list) {
		a.first, a.list = 0, a.list[:0]
	}
}

// skip drops what PostgreSQL will not answer after an error: all up to the next Sync.
func (a *answers) skip() {
	a.mutex.Lock()
	for a.first < len(a.list) && a.list[a.first].kind != 'S' {
		a.popLocked()
	}
	a.deaf = a.first == len(a.list)
	a.mutex.Unlock()
}

func (a *answers) ready(status byte) {
	a.mutex.Lock()
	a.status = status
	a.mutex.Unlock()
}

// settled waits until all that ends in ReadyForQuery has been answered, and returns the state of the transaction then; false when the
// connection is over.
func (a *answers) settled() (byte, bool) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for a.syncs > 0 && !a.ended {
		a.changed.Wait()
	}
	return a.status, !a.ended
}

func (a *answers) end() {
	a.mutex.Lock()
	a.ended = true
	a.changed.Broadcast()
	a.mutex.Unlock()
}
