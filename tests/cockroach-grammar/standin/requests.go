// From the client to PostgreSQL.
package main

import (
	"fmt"
	"strings"
)

// What the stand-in calls its own statements and portals, and one that never exists.
const (
	ownName = "crdb_standin"
	nowhere = "crdb_standin fails here"
)

func (c *session) requests() {
	for {
		if c.fromUser.Buffered() == 0 && c.toBase.Flush() != nil {
			return
		}
		kind, length, err := c.fromUser.start()
		if err != nil || kind == 'X' {
			return
		}
		if length > longestMessage {
			if _, err = c.fromUser.Discard(length); err != nil {
				return
			}
			c.tooLong(kind, length)
			continue
		}
		body, err := c.fromUser.rest(length)
		if err != nil {
			return
		}
		switch kind {
		case 'Q':
			c.query(body)
		case 'P':
			c.parse(body)
		case 'B':
			c.bind(body)
		case 'D':
			c.describe(body)
		case 'E':
			c.execute(body)
		case 'C':
			c.close(body)
		case 'S':
			c.executed, c.turned = 0, other
			c.send('S', nil, answer{kind: 'S'})
		case 'd', 'c', 'f':
			c.rowsIn(kind, body)
		case 'F':
			c.send('F', body, answer{kind: 'F'})
		default: // passwords, Flush
			writeMessage(c.toBase, kind, body)
		}
	}
}

// send enters a message into the list of answers before it goes out.
func (c *session) send(kind byte, body []byte, entry answer) *answer {
	entry.kind = kind
	added := c.answers.add(entry)
	writeMessage(c.toBase, kind, body)
	return added
}

func (c *session) sendParse(name, text string, types []byte, entry answer) {
	if types == nil {
		types = []byte{0, 0}
	}
	body := make([]byte, 0, len(name)+len(text)+2+len(types))
	body = append(append(body, name...), 0)
	body = append(append(body, text...), 0)
	c.send('P', append(body, types...), entry)
}

// sendOwn runs a statement of the stand-in's within the extended protocol, without disturbing the client's.
func (c *session) sendOwn(text string, last step) {
	hidden := answer{step: step{hidden: true}}
	c.send('C', []byte("S"+ownName+"\x00"), hidden)
	c.sendParse(ownName, text, nil, hidden)
	c.send('B', []byte(ownName+"\x00"+ownName+"\x00\x00\x00\x00\x00\x00\x00"), hidden)
	last.hidden = true
	c.send('E', []byte(ownName+"\x00\x00\x00\x00\x00"), answer{step: last})
}

// sendFailing has PostgreSQL fail, and the client told why, in the place of the message that it sent.
func (c *session) sendFailing(why *failure) {
	c.send('E', []byte(nowhere+"\x00\x00\x00\x00\x00"), answer{step: step{fails: why}})
}

func (c *session) tooLong(kind byte, length int) {
	why := &failure{"08P01", fmt.Sprintf("message size %d MiB bigger than maximum allowed message size 16 MiB", (length+1<<20-1)>>20),
		"the maximum message size can be configured using the sql.conn.max_read_buffer_message_size cluster setting"}
	c.server.count(func(n *numbers) { n.Refused++ })
	switch {
	case kind == 'Q':
		c.send('Q', []byte(failing+"\x00"), answer{steps: []step{{fails: why}}})
	case kind == 'd':
		c.failRows(why)
	default:
		c.sendFailing(why)
	}
}

// explicit finds out whether a transaction is open that a COMMIT would end; false also in one that has failed.
func (c *session) explicit() bool {
	switch c.turned {
	case begin:
		return true
	case commit, rollback:
		return false
	}
	_ = c.toBase.Flush()
	status, _ := c.answers.settled()
	return status == 'T'
}

func (c *session) aborted() bool {
	if c.turned != other {
		return false
	}
	_ = c.toBase.Flush()
	status, _ := c.answers.settled()
	return status == 'E'
}

// commitBefore is autocommit_before_ddl: what came before is committed and the rest runs on its own.
func (c *session) commitBefore(t *translation) {
	if !t.ddl || !c.autocommit || !(c.explicit() || c.executed > 0 && !c.aborted()) {
		return
	}
	c.sendOwn("COMMIT", step{})
	c.executed, c.turned = 0, commit
}

func (c *session) parse(body []byte) {
	f := fields{left: body}
	name, text := f.text(), f.text()
	list, refused := c.server.translator.translate(text)
	c.server.note(text)
	t := &translation{text: "", source: text}
	switch {
	case refused != nil:
	case len(list) > 1:
		refused = &failure{"42601", "prepared statement had multiple statements, expected 1", ""}
	case len(list) == 1:
		t = list[0]
		refused = t.refused
		if t.kind == copyIn {
			refused = &failure{"0A000", "unimplemented: COPY FROM is not supported in the extended protocol", ""}
		}
		if len(t.untyped) > 0 && refused == nil && !typesGiven(f.left, t.untyped) {
			refused = untypedFailure(t.untyped[0])
		}
	}
	if refused != nil {
		c.server.count(func(n *numbers) { n.Refused++ })
		delete(c.statements, name)
		c.sendParse(name, failing, nil, answer{step: step{fails: refused}})
		return
	}
	c.commitBefore(t)
	c.statements[strings.Clone(name)] = &prepared{translation: t}
	c.sendParse(name, t.text, f.left, answer{})
}

// typesGiven tells whether the client named the types of these parameters.
func typesGiven(body []byte, numbers []int) bool {
	f := fields{left: body}
	given := map[int]bool{}
	for i, n := 1, f.int16(); i <= n && !f.bad; i++ {
		given[i] = f.int32() != 0
	}
	for _, number := range numbers {
		if !given[number] {
			return false
		}
	}
	return true
}

func (c *session) bind(body []byte) {
	f := fields{left: body}
	name, statement := f.text(), f.text()
	p := &portal{statement: c.statements[statement]}
	f.take(2 * f.int16())
	for n := f.int16(); n > 0 && !f.bad; n-- {
		f.take(max(f.int32(), 0))
	}
	for n := f.int16(); n > 0 && !f.bad; n-- {
		p.formats = append(p.formats, f.int16())
	}
	if p.statement != nil {
		c.commitBefore(p.statement.translation)
	}
	c.portals[name] = p
	c.send('B', body, answer{})
}

func (c *session) describe(body []byte) {
	entry := answer{}
	if len(body) > 1 {
		name := string(body[1 : len(body)-1])
		if body[0] == 'P' {
			entry.portal = c.portals[name]
		} else if statement := c.statements[name]; statement != nil {
			entry.columns = &statement.columns
		}
	}
	c.send('D', body, entry)
}

func (c *session) close(body []byte) {
	c.send('C', body, answer{})
}

func (c *session) execute(body []byte) {
	f := fields{left: body}
	p := c.portals[f.text()]
	if p == nil || p.statement == nil {
		c.send('E', body, answer{portal: p})
		return
	}
	t := p.statement.translation
	c.server.count(func(n *numbers) { n.Statements[t.tag]++ })
	c.executed++
	plan := c.server.weather.plan(t, c)
	switch {
	case plan.instead != "":
		c.sendOwn(plan.instead, step{drop: plan.drop})
	case plan.settle:
		c.send('E', body, answer{portal: p, step: step{hidden: true}})
		c.sendOwn("COMMIT", step{drop: plan.drop})
	case plan.why == nil || plan.after:
		c.send('E', body, answer{portal: p, step: step{tag: t.done, hidden: plan.after, drop: plan.drop}})
	}
	if plan.why != nil {
		c.sendFailing(plan.why)
	}
	c.ran(t)
}

// ran keeps in mind what a statement does to the session, once it is on its way.
func (c *session) ran(t *translation) {
	switch t.kind {
	case begin, commit, rollback:
		c.turned, c.transaction = t.kind, nil
		if t.kind == begin {
			c.transaction = []string{}
		}
	case setting:
		c.set(t.name, t.value)
	default:
		if c.transaction != nil {
			c.transaction = append(c.transaction, t.source)
		}
	}
}

func (c *session) query(body []byte) {
	text := string(body[:max(len(body)-1, 0)])
	list, refused := c.server.translator.translate(text)
	c.server.note(text)
	entry := answer{}
	var out strings.Builder
	add := func(text string, s step) {
		if out.Len() > 0 {
			out.WriteString("; ")
		}
		out.WriteString(text)
		entry.steps = append(entry.steps, s)
	}
	if refused != nil {
		c.server.count(func(n *numbers) { n.Refused++ })
		add(failing, step{fails: refused})
	}
	c.copying = nil
	if len(list) == 1 && list[0].kind == copyOut && list[0].refused == nil {
		reworded, ok := c.ask(list[0])
		if !ok {
			return
		}
		entry.lines = reworded
	}
	for _, t := range list {
		c.one(t, add)
	}
	c.executed, c.turned = 0, other
	out.WriteByte(0)
	added := c.send('Q', []byte(out.String()), entry)
	if len(list) == 1 && list[0].kind == copyIn && list[0].refused == nil {
		c.rows = rowsIn{answer: added, csv: list[0].csv, why: c.server.weather.rows(list[0], c)}
		c.copying = &c.rows
	}
}

// ask finds the types of what a COPY ... TO is going to write; false when PostgreSQL has refused the query, and the client knows.
func (c *session) ask(t *translation) (*lines, bool) {
	found := &lines{csv: t.csv, delim: t.delim, null: t.null}
	hidden := answer{step: step{hidden: true}}
	c.send('C', []byte("S"+ownName+"\x00"), hidden)
	c.sendParse(ownName, t.query, nil, hidden)
	c.send('D', []byte("S"+ownName+"\x00"), answer{step: step{hidden: true}, columns: &found.columns})
	c.send('S', nil, answer{step: step{hidden: true}})
	_ = c.toBase.Flush()
	_, alive := c.answers.settled()
	if !found.known || !alive {
		return nil, false
	}
	if found.plain && !found.csv {
		return nil, true
	}
	return found, true
}

// one adds what PostgreSQL is sent for one statement of a simple query.
func (c *session) one(t *translation, add func(string, step)) {
	c.server.count(func(n *numbers) {
		n.Statements[t.tag]++
		if t.refused != nil {
			n.Refused++
		}
	})
	if t.ddl && c.autocommit && t.refused == nil && (c.explicit() || c.executed > 0 && !c.aborted()) {
		add("COMMIT", step{hidden: true})
		c.executed, c.turned = 0, commit
	}
	c.executed++
	if t.refused != nil {
		add(t.text, step{fails: t.refused})
		return
	}
	plan := c.server.weather.plan(t, c)
	switch {
	case plan.instead != "":
		add(plan.instead, step{hidden: true, drop: plan.drop})
	case plan.settle:
		add(t.text, step{hidden: true})
		add("COMMIT", step{hidden: true, drop: plan.drop})
	case plan.why == nil || plan.after:
		add(t.text, step{tag: t.done, hidden: plan.after, drop: plan.drop})
	}
	if plan.why != nil {
		add(failing, step{fails: plan.why})
	}
	c.ran(t)
}

// rowsIn is a COPY FROM STDIN under way.
type rowsIn struct {
	answer *answer
	csv    bool
	failed bool
	why    *injection
	quoted bool // inside quotes, at the end of the last message
	begun  bool // inside a line
}

func (c *session) rowsIn(kind byte, body []byte) {
	if c.copying == nil || c.copying.failed {
		writeMessage(c.toBase, kind, body)
		return
	}
	if kind == 'd' && c.copying.csv {
		body = c.copying.withoutBlank(body)
	}
	writeMessage(c.toBase, kind, body)
	if kind == 'd' && c.copying.why != nil {
		if c.copying.why.drop {
			c.drop()
			return
		}
		c.failRows(c.copying.why.failure)
	}
	if kind != 'd' {
		c.copying = nil
	}
}

// failRows has PostgreSQL end the COPY and the client told why.
func (c *session) failRows(why *failure) {
	if c.copying == nil || c.copying.failed {
		return
	}
	c.copying.failed = true
	c.answers.fail(c.copying.answer, why)
	writeMessage(c.toBase, 'f', []byte("refused\x00"))
}

// withoutBlank drops blank lines, as CockroachDB's reader of CSV does.
func (r *rowsIn) withoutBlank(body []byte) []byte {
	blank := false
	for i, b := range body {
		if b == '\n' && !r.begun && i == 0 || b == '\n' && i > 0 && body[i-1] == '\n' {
			blank = true
			break
		}
	}
	kept := body
	if blank {
		kept = make([]byte, 0, len(body))
	}
	for _, b := range body {
		if b == '"' {
			r.quoted = !r.quoted
		}
		if b == '\n' && !r.quoted {
			if blank && !r.begun {
				continue
			}
			r.begun = false
		} else {
			r.begun = true
		}
		if blank {
			kept = append(kept, b)
		}
	}
	return kept
}
