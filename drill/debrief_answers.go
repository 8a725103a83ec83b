// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// answersTemplate is the sheet that a team fills in during an exercise.
const answersTemplate = `# What the team found out, and when: one entry each, in any order. 演習中に分かったことを、分かった時刻とともに 1 件ずつ書きます。
#
#   at:        the time on the room's clock, not in the logs, in the institute's zone (Asia/Tokyo): "14:03" or 2026-11-22T14:03
#              Without a date: the first such time after the exercise began. Write the date if it takes more than a day.
#              ログの中の時刻でなく、部屋の時計の時刻（Asia/Tokyo）。日付がなければ、演習開始後の最初のその時刻。1 日を超える演習では日付も書く
#   account:   a login ID or mail address, or a list of them   アカウント：ログイン ID またはメールアドレス。[a, b] で複数
#   address:   an IP address, or a list                        IP アドレス。[a, b] で複数
#   host:      a host's name or address, or a list             サーバ・端末：名前または IP アドレス。[a, b] で複数
#   is:        bad (default), clear, or unsure                 上のものの判断：bad＝被害・攻撃元（省略時）、clear＝問題なし、unsure＝保留
#   act:       what somebody does: an ATT&CK technique such as T1110.003, or what a detector is called, such as
#              password-spray, internal-scan, log-cleared; account, address and host beside it say who and where
#              行為：ATT&CK の番号、または password-spray のような検知の名前。並べて書いた account、address、host はその当事者
#   decision:  what was decided                                決めたこと（文は自由）
#   verdict:   breach, suspicious, clear or undetermined       全体の判定：breach＝不正アクセスあり、suspicious＝疑いあり、clear＝痕跡なし、undetermined＝判断不能
#   by, note:  who, and why                                    記入者、理由
#
# log:
#   - {at: "14:03", account: [t.sato, hana@lab.example], by: suzuki, note: logins from Tor at night}
#   - {at: "14:05", address: 185.220.101.7}
#   - {at: "14:20", act: password-spray, address: 185.220.101.7}
#   - {at: "14:31", account: t.sato, is: clear, note: he was abroad and confirmed it by phone}
#   - {at: "14:40", decision: mail closed to the outside}
#   - {at: "15:10", verdict: breach}

team: ""
log: []
`

// Answers is what a team wrote down during an exercise, by the time of the entries.
type Answers struct {
	Team   string
	Claims []Claim
}

// Claim is one entry. One of its parts is filled in; an act may have accounts, addresses and hosts beside it.
type Claim struct {
	At        time.Time
	By, Note  string
	Accounts  []string
	Addresses []string
	Hosts     []string
	Is        string // bad, clear, unsure
	Act       string
	Decision  string
	Verdict   string
	Line      int // in the file
}

// mostAnswers bounds an answers file: it is written by hand.
const mostAnswers = 1 << 20

// ReadAnswers reads a team's answers.yaml. A time without a zone is of the record's, and one without a date the first after the
// exercise began.
func ReadAnswers(path string, r *Record) (*Answers, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, notRead(path, err, phrase{"--answers で解答の用紙（answers.yaml）を指定してください", "give the team's answers.yaml with --answers"})
	}
	if len(data) > mostAnswers {
		return nil, fmt.Errorf("drill: read answers %s: %d bytes are too many", path, len(data))
	}
	a, err := parseAnswers(data, r)
	if err != nil {
		return nil, within(err, "解答 %s：", "read answers %s: ", path)
	}
	return a, nil
}

func parseAnswers(data []byte, r *Record) (*Answers, error) {
	var doc struct {
		Team string
		Log  []yaml.Node
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, yamlWords(data, err)
	}
	if err := knownKeys(data); err != nil {
		return nil, err
	}
	a := &Answers{Team: doc.Team}
	for i := range doc.Log {
		c, err := parseClaim(&doc.Log[i], r)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", doc.Log[i].Line, err)
		}
		a.Claims = append(a.Claims, *c)
	}
	slices.SortStableFunc(a.Claims, func(a, b Claim) int { return a.At.Compare(b.At) })
	return a, nil
}

// knownKeys refuses an answers file with anything beside the team and its log: it would vanish.
func knownKeys(data []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return err
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(doc.Content[0].Content); i += 2 {
		if k := doc.Content[0].Content[i]; k.Value != "team" && k.Value != "log" {
			return fmt.Errorf("line %d: %w", k.Line, notUnderstood(k.Value, "team", "log"))
		}
	}
	return nil
}

// notUnderstood says which keys there are, and which of them may be meant.
func notUnderstood(key string, keys ...string) error {
	meant := ""
	if near := Nearest(key, keys); near != "" {
		meant = fmt.Sprintf(" (did you mean %s?)", near)
	}
	return fmt.Errorf("%q is not understood%s: there are %s", key, meant, strings.Join(keys, ", "))
}

func parseClaim(n *yaml.Node, r *Record) (*Claim, error) {
	if n.Kind != yaml.MappingNode {
		return nil, errors.New("an entry is written {at: …, account: …}")
	}
	c := &Claim{Is: "bad", Line: n.Line}
	text := map[string]*string{"by": &c.By, "note": &c.Note, "is": &c.Is, "act": &c.Act, "decision": &c.Decision, "verdict": &c.Verdict}
	lists := map[string]*[]string{"account": &c.Accounts, "address": &c.Addresses, "host": &c.Hosts}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i].Value, n.Content[i+1]
		switch {
		case key == "at" && v.Kind == yaml.ScalarNode:
			at, err := clockTime(v.Value, r)
			if err != nil {
				return nil, err
			}
			c.At = at
		case text[key] != nil && v.Kind == yaml.ScalarNode:
			*text[key] = strings.TrimSpace(v.Value)
		case lists[key] != nil:
			list, err := someText(v)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			*lists[key] = list
		default:
			return nil, notUnderstood(key, "at", "account", "address", "host", "is", "act", "decision", "verdict", "by", "note")
		}
	}
	return c, c.check()
}

// someText reads one text or a list of them.
func someText(n *yaml.Node) ([]string, error) {
	all := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		all = n.Content
	}
	var out []string
	for _, v := range all {
		s := strings.TrimSpace(v.Value)
		if v.Kind != yaml.ScalarNode || s == "" {
			return nil, errors.New("write one name or a list of names")
		}
		out = append(out, s)
	}
	return out, nil
}

func (c *Claim) check() error {
	parts := 0
	for _, filled := range []bool{c.Act != "", c.Decision != "", c.Verdict != "", c.Act == "" && len(c.Accounts)+len(c.Addresses)+len(c.Hosts) > 0} {
		parts += btoi(filled)
	}
	for i, ip := range c.Addresses {
		a, err := netip.ParseAddr(ip)
		if err != nil {
			return fmt.Errorf("%q is no IP address", ip)
		}
		c.Addresses[i] = a.Unmap().String()
	}
	switch {
	case c.At.IsZero():
		return errors.New("at is missing: when was it noticed?")
	case parts != 1:
		return errors.New("write one of account, address, host, act, decision, verdict in an entry")
	case !slices.Contains([]string{"bad", "clear", "unsure"}, c.Is):
		return fmt.Errorf("is: %q: write bad, clear or unsure", c.Is)
	case c.Verdict != "" && !slices.Contains([]string{"breach", "suspicious", "clear", "undetermined"}, c.Verdict):
		return fmt.Errorf("verdict: %q: write breach, suspicious, clear or undetermined", c.Verdict)
	}
	return nil
}

// sitLater is how long after an exercise people still write down what they saw, without a date.
const sitLater = 6 * time.Hour

// clockTime reads the time of an entry. One without a date is the first such time after the exercise began; it must be sure which that
// is.
func clockTime(text string, r *Record) (time.Time, error) {
	zone, began := r.Began.Location(), r.Began.Truncate(time.Minute)
	early := func(what string) error {
		return fmt.Errorf("at: %q: the exercise began at %s, %s%s", text, r.Began.Format("2006-01-02 15:04"), zoneText(r.Zone, r.Began), what)
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		t, err := time.ParseInLocation(form, text, zone)
		switch {
		case err != nil:
			continue
		case t.Before(began):
			return t, early("")
		}
		return t.In(zone), nil
	}
	for _, form := range []string{"15:04:05", "15:04"} {
		t, err := time.Parse(form, text)
		if err != nil {
			continue
		}
		at := time.Date(began.Year(), began.Month(), began.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
		if at.Before(began) {
			at = at.AddDate(0, 0, 1)
		}
		switch {
		case at.After(r.Ended.Add(sitLater)):
			return at, early(", and ended at " + r.Ended.Format("2006-01-02 15:04") + ": that is not in it; write the date too, if it is right")
		case !at.AddDate(0, 0, 1).After(r.Ended):
			return at, early(", and took days: write the date too, such as " + at.Format("2006-01-02T15:04"))
		}
		return at, nil
	}
	return time.Time{}, fmt.Errorf("at: %q: write a time such as 14:03 or 2026-11-22T14:03", text)
}
