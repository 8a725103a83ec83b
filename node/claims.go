// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/store"
	"github.com/sekisho/sekisho/store/duckdb"
)

// Claim is what somebody else stated about the incident, in a form that records can answer.
type Claim struct {
	Form    string    `json:"form" yaml:"form"` // one of ClaimForms
	Address string    `json:"address,omitempty" yaml:"address"`
	Account string    `json:"account,omitempty" yaml:"account"`
	Host    string    `json:"host,omitempty" yaml:"host"`
	From    time.Time `json:"from,omitzero" yaml:"-"`
	To      time.Time `json:"to,omitzero" yaml:"-"` // exclusive
	Text    string    `json:"text,omitempty" yaml:"text"`
	By      string    `json:"by" yaml:"by"`
	Via     string    `json:"via,omitempty" yaml:"via"`
	At      time.Time `json:"at" yaml:"-"`
}

// ClaimForms returns the forms that a claim may have, each with what it states.
func ClaimForms() [][2]string {
	return [][2]string{{"no-login", "no login succeeded (from the address, for the account)"}, {"access", "the address accessed us"}, {"unused", "the account was not used"},
		{"not-reached", "the host was not reached"}, {"no-data", "no data left to the address"}}
}

// Check says what is wrong with a claim that is to be answered.
func (c *Claim) Check() error {
	if !slices.ContainsFunc(ClaimForms(), func(f [2]string) bool { return f[0] == c.Form }) {
		if c.Form == "" {
			return event.Tell("form がありません：no-login、access、unused、not-reached、no-data のいずれかを書いてください", "form is missing: write no-login, access, unused, not-reached or no-data")
		}
		return event.Tell("form %q：no-login、access、unused、not-reached、no-data のいずれかを書いてください", "form %q: write no-login, access, unused, not-reached or no-data", c.Form)
	}
	if c.Address != "" {
		if _, ok := addressOf(c.Address); !ok {
			return event.Tell("address %q：203.0.113.7 のように書いてください", "address %q: write one such as 203.0.113.7", c.Address)
		}
	}
	switch {
	case c.Form == "no-login" && c.Address+c.Account == "":
		return event.Tell("no-login には address か account が必要です", "no-login needs an address or an account")
	case (c.Form == "access" || c.Form == "no-data") && c.Address == "":
		return event.Tell("%s には address が必要です", "%s needs an address", c.Form)
	case c.Form == "unused" && c.Account == "":
		return event.Tell("unused には account が必要です", "unused needs an account")
	case c.Form == "not-reached" && c.Host == "":
		return event.Tell("not-reached には host が必要です", "not-reached needs a host")
	case !c.From.IsZero() && !c.To.IsZero() && !c.From.Before(c.To):
		return event.Tell("期間の終わりが始まりより前です", "its time ends before it begins")
	}
	return nil
}

// CheckKept says what is wrong with a claim that is to be kept: it must also say whose it is.
func (c *Claim) CheckKept() error {
	if err := c.Check(); err != nil {
		return err
	}
	if c.By == "" {
		return event.Tell("by がありません：誰の申告かを書いてください", "by is missing: write who said it")
	}
	return nil
}

func (c *Claim) id() string {
	return event.Identity("L-", c.Form, c.Address, c.Account, c.Host, momentText(c.From.UTC()), momentText(c.To.UTC()), c.By, c.Text)
}

// claims answers all claims of the case by its store, which is finished.
func (v *investigation) claims(ctx context.Context, c *cases.Case) error {
	if len(v.o.Claims) == 0 {
		return nil
	}
	r, err := duckdb.Open(filepath.Join(v.work, storeName), duckdb.ReadOptions{Temp: v.work})
	if err != nil {
		return event.Tell("申告を照合できません：%v", "answer the claims: %v", err)
	}
	defer r.Close()
	if c.Claims, err = answerClaims(ctx, r, v.o.Claims, event.Micros(c.Window.From), event.Micros(c.Window.To)); err != nil {
		return err
	}
	numbers, want := map[string]uint32{}, map[uint32][]*cases.Evidence{}
	for i, in := range v.plan.inputs {
		numbers[in.file.Path] = uint32(i)
	}
	for i := range c.Claims {
		for k := range c.Claims[i].Evidence {
			e := &c.Claims[i].Evidence[k]
			want[numbers[e.Input]] = append(want[numbers[e.Input]], e)
		}
		c.Reasons = append(c.Reasons, cases.Reason{Words: ClaimWords(&c.Claims[i])})
	}
	return v.hash(ctx, want)
}

// CheckClaims answers claims by the store of a case that is there, and changes nothing.
func CheckClaims(ctx context.Context, dir, temp string, claims []Claim) ([]cases.Claim, error) {
	c, err := cases.Open(filepath.Join(dir, caseName))
	if err != nil {
		return nil, event.Tell("申告を照合できません：%v", "answer the claims: %v", err)
	}
	r, err := duckdb.Open(filepath.Join(dir, storeName), duckdb.ReadOptions{Temp: temp})
	if err != nil {
		return nil, event.Tell("申告を照合できません：%v", "answer the claims: %v", err)
	}
	defer r.Close()
	return answerClaims(ctx, r, claims, event.Micros(c.Window.From), event.Micros(c.Window.To))
}

func answerClaims(ctx context.Context, r store.Reader, claims []Claim, first, last event.Micros) ([]cases.Claim, error) {
	var out []cases.Claim
	for i := range claims {
		a, err := answerClaim(ctx, r, &claims[i], first, last)
		if err != nil {
			return nil, event.Tell("申告 %s を照合できません：%v", "answer the claim %s: %v", claims[i].id(), err)
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b cases.Claim) int { return strings.Compare(a.ID, b.ID) })
	return slices.CompactFunc(out, func(a, b cases.Claim) bool { return a.ID == b.ID }), nil
}

// claimQuery is a claim in the words of the store: what would show the opposite of it (of access: itself), and which records are of
// a kind that would show it.
type claimQuery struct {
	shows, kind    string
	args, kindArgs []any
}

// named holds for events of sources that name the account, or the host, at some time: the silence of others says nothing of it.
func (q *claimQuery) named(cond string, args ...any) {
	q.kind += " AND format IN (SELECT DISTINCT format FROM events WHERE " + cond + ")"
	q.kindArgs = append(q.kindArgs, args...)
}

func (c *Claim) query() claimQuery {
	q := claimQuery{}
	and := func(cond string, args ...any) { q.shows += " AND " + cond; q.args = append(q.args, args...) }
	account := func() {
		if c.Account != "" {
			const is = "(lower(account) = lower(?) OR account_id IN (SELECT account_id FROM aliases WHERE lower(account) = lower(?)) OR account_id IN (SELECT account_id FROM accounts WHERE lower(name) = lower(?) OR starts_with(lower(name), lower(?))))"
			args := []any{c.Account, c.Account, c.Account, c.Account + "@"}
			and(is, args...)
			q.named(is, args...)
		}
	}
	ip := ""
	if a, ok := addressOf(c.Address); ok {
		ip = a.String()
	}
	switch c.Form {
	case "no-login", "unused":
		q.kind = "class = 'authentication' AND activity = 'logon'"
		q.shows = "class = 'authentication' AND activity = 'logon' AND outcome = 'success'"
		if c.Form == "unused" {
			// Mail that comes in is not use.
			q.shows = "outcome <> 'failure' AND class IN ('authentication', 'http', 'file', 'mail', 'directory', 'remote-session', 'process', 'account-change', 'entity-change') AND activity NOT IN ('receive', 'refuse')"
		}
		if account(); ip != "" {
			and("src_ip = ?", ip)
			q.kind += " AND src_ip IS NOT NULL AND NOT src_is_relay"
		}
	case "access":
		q.kind, q.shows = "src_ip IS NOT NULL", "src_ip = ?"
		q.args = append(q.args, ip)
	case "not-reached":
		q.kind = "class IN ('network', 'authentication', 'remote-session', 'file') AND (dst_ip IS NOT NULL OR dst_host IS NOT NULL)"
		q.shows = "outcome <> 'failure' AND activity <> 'refuse' AND class IN ('network', 'authentication', 'remote-session', 'file', 'http', 'process')"
		if a, err := netip.ParseAddr(c.Host); err == nil {
			and("dst_ip = ?", a.Unmap().String())
			q.named("dst_ip = ?", a.Unmap().String())
		} else {
			const is = "(lower(dst_host) = lower(?) OR starts_with(lower(dst_host), lower(?)))"
			and(is, c.Host, c.Host+".")
			q.named(is, c.Host, c.Host+".")
		}
		if ip != "" {
			and("src_ip = ?", ip)
		}
	case "no-data":
		q.kind = "class IN ('network', 'http') AND dst_ip IS NOT NULL AND bytes_out IS NOT NULL"
		// What is sent there, and what is fetched from there: mail, files, pages. A connection alone is answered in less than leastFetched bytes.
		q.shows = "outcome <> 'failure' AND activity <> 'refuse' AND (class IN ('network', 'http') AND dst_ip = ? AND bytes_out > 0 OR class <> 'network' AND src_ip = ? AND NOT src_is_relay AND bytes_in > 0 OR class = 'network' AND src_ip = ? AND bytes_in >= ?)"
		q.args = append(q.args, ip, ip, ip, leastFetched)
	}
	return q
}

const leastFetched = 4096

// leastClaimed is which share of the days of a claim's time must have records that would show it, before their silence counts.
const leastClaimed = 0.9

func answerClaim(ctx context.Context, r store.Reader, c *Claim, first, last event.Micros) (cases.Claim, error) {
	out := cases.Claim{ID: c.id(), Form: c.Form, Subject: cases.Subject{Account: c.Account, Address: c.Address, Host: c.Host}, Text: c.Text, By: c.By, Via: c.Via, At: cases.At(c.At)}
	from, to := first, last+1
	if !c.From.IsZero() {
		from = event.Of(c.From)
		out.From = cases.At(c.From)
	}
	if !c.To.IsZero() {
		to = event.Of(c.To)
		out.To = cases.At(c.To)
	}
	out.Days = max(int((to-from+oneDay-1)/oneDay), 1)
	q := c.query()
	const span = " AND time >= ? AND time < ?"
	when, args := span, append(q.args[:len(q.args):len(q.args)], from.Time(), to.Time())
	if c.From.IsZero() && c.To.IsZero() { // of any time: also of records whose own cannot be right
		when, args = "", q.args
	}
	if err := scanRow(ctx, r, "SELECT count(*) FROM events WHERE "+q.shows+when, args, &out.Events); err != nil {
		return out, err
	}
	var sources sql.NullString
	var covered int64
	if err := scanRow(ctx, r, "SELECT count(DISTINCT (epoch_us(time) - ?) // 86400000000), string_agg(DISTINCT format, ',' ORDER BY format) FROM events WHERE "+q.kind+span,
		append(append([]any{int64(from)}, q.kindArgs...), from.Time(), to.Time()), &covered, &sources); err != nil {
		return out, err
	}
	out.Covered = int(covered)
	if sources.String != "" {
		out.Sources = strings.Split(sources.String, ",")
	}
	rows, err := r.Query(ctx, `SELECT input, line, "offset", length FROM events WHERE `+q.shows+when+` ORDER BY time, input, "offset" LIMIT 8`, args...)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	for rows.Next() {
		e := cases.Evidence{Parts: make([]cases.Part, 1)}
		if err := rows.Scan(&e.Input, &e.Parts[0].Line, &e.Parts[0].Offset, &e.Parts[0].Length); err != nil {
			return out, err
		}
		out.Evidence = append(out.Evidence, e)
	}
	settleClaim(&out)
	return out, rows.Err()
}

func scanRow(ctx context.Context, r store.Reader, query string, args []any, into ...any) error {
	rows, err := r.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		err = rows.Scan(into...)
	}
	return errors.Join(err, rows.Err())
}

// settleClaim answers a claim by what was counted. Silence counts only where records would have shown it.
func settleClaim(c *cases.Claim) {
	covered := float64(c.Covered) >= leastClaimed*float64(c.Days)
	switch {
	case c.Form == "access" && c.Events > 0:
		c.Answer = "supported"
		c.Why = event.Words{Ja: fmt.Sprintf("%d 件の記録が示している", c.Events), En: counted(c.Events, "record shows it", "records show it")}
	case c.Events > 0:
		c.Answer = "refuted"
		c.Why = event.Words{Ja: fmt.Sprintf("反対を示す記録が %d 件ある", c.Events), En: counted(c.Events, "record shows the opposite", "records show the opposite")}
	case c.Covered == 0 && c.Subject.Account+c.Subject.Host != "":
		c.Answer = "not decidable"
		c.Why = event.Words{Ja: "その時期に、これを名指しする種類の記録がない", En: "no source that names it has records of that time"}
	case !covered:
		c.Answer = "not decidable"
		c.Why = event.Words{Ja: fmt.Sprintf("それを示すはずの記録は %d 日のうち %d 日分しかない", c.Days, c.Covered), En: fmt.Sprintf("records that would show it cover %d of %d days", c.Covered, c.Days)}
	case c.Form == "access":
		c.Answer = "refuted"
		c.Why = event.Words{Ja: fmt.Sprintf("それを示すはずの記録が %d 日分あるが、現れない", c.Covered), En: fmt.Sprintf("no record shows it, on %d days of which there are records that would", c.Covered)}
	default:
		c.Answer = "supported"
		c.Why = event.Words{Ja: fmt.Sprintf("反対を示すはずの記録が %d 日分あるが、一件もない", c.Covered), En: fmt.Sprintf("no record shows the opposite, on %d days of which there are records that would", c.Covered)}
	}
}

// ClaimWords tells a claim and its answer in one sentence.
func ClaimWords(c *cases.Claim) event.Words {
	about := strings.TrimSpace(strings.Join([]string{c.Subject.Address, c.Subject.Account, c.Subject.Host}, " "))
	if about != "" {
		about = " [" + visible([]byte(about)) + "]"
	}
	by, f := visible([]byte(c.By)), c.FormWords()
	if by == "" {
		return event.Words{Ja: fmt.Sprintf("「%s」%s: %s（%s）。", f.Ja, about, c.AnswerWords().Ja, c.Why.Ja), En: fmt.Sprintf("That %s%s: %s (%s).", f.En, about, c.AnswerWords().En, c.Why.En)}
	}
	return event.Words{Ja: fmt.Sprintf("%s の申告「%s」%s: %s（%s）。", by, f.Ja, about, c.AnswerWords().Ja, c.Why.Ja), En: fmt.Sprintf("%s claims that %s%s: %s (%s).", by, f.En, about, c.AnswerWords().En, c.Why.En)}
}
