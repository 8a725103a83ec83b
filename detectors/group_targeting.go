// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var groupTargeting = detect.Spec{Name: "group-targeting", Attack: []string{"T1110.003", "T1589.001"}, New: newGroupTargeting}

// Tunables of group-targeting.
const (
	groupLearn  = 7       // days of this kind of log before sizes, homes and shares are known
	groupLeast  = 5       // accounts of the group that failed within groupSpan where they are not at home
	groupSpan   = 6       // hours
	groupMost   = 0.60    // share of all accounts that failed so within the span, at least
	groupWhole  = 0.50    // of the group's accounts, for high severity, or
	groupMany   = 20      // accounts of it
	groupTries  = 3.0     // attempts for each account within the span, at least: a list is worked through again and again, people give up
	groupChance = 1e-7    // that so many of those who failed are of one group by chance, divided by the number of groups
	groupHard   = 10      // failures of one account within the span that are more than its owner's: among accounts tried so often
	groupRarely = 1e-5    // takes the place of groupChance, for such accounts are hundreds of times fewer
	groupUsual  = 3.0     // times what the account fails in on other days: a forgotten client is not worked at
	groupSame   = 0.8     // of the accounts of two names, in common: one story
	groupSlip   = 15      // minutes after a failure within which the account's own success makes it a slip of the finger
	groupSize   = 0.33    // of all accounts that a group may have: a larger one is no choice of targets
	groupApart  = 3       // days without it after which another story begins
	groupNames  = 4096    // groups that are followed
	groupFailed = 1 << 14 // accounts that are followed within one span
)

// groupAttack looks for guessing that is aimed at one department or group: of those who fail within some hours, far more are of the
// group than its size, and its share in other days' failures, would have. The report on AIST (2018) tells of a day, 22 November, on
// which the IT department alone was guessed at: somebody knew by then whose rights were worth having.
type groupAttack struct {
	detect.Trace
	site    detect.Site
	people  map[uint32]bool // accounts seen
	size    map[string]int  // of each group, as far as its accounts were seen
	realms  map[realm]*groupRealm
	stories map[groupKey]*groupStory
}

type groupKey struct {
	realm realm
	group string
	first event.Micros
}

type groupRealm struct {
	homes  homes
	failed map[uint32]*groupTried
	order  []uint32 // those that failed, oldest first; some may have been forgiven
	next   int      // distinct failures at which the span is tested again
	begun  int32
	day    int32
	today  map[string]int  // distinct accounts of each group that failed today, for the shares of other days
	seen   map[uint32]bool // today
	past   map[string]float64
	all    float64
	tries  map[uint32]int64   // of each account today
	usual  map[uint32]float64 // and on other days, fading
	open   map[string]*groupStory
}

type groupTried struct {
	who   *event.Account
	first event.Micros
	last  event.Micros
	tries int64
}

// groupStory is one group under attack.
type groupStory struct {
	group    string
	also     []string // other names of the same accounts
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	lastDay  int32
	tries    int64
	names    map[uint32]bool
	peak     int // accounts within one span
	others   int // other accounts that failed in that span
	size     int
	chance   float64
	sources  sources
	evidence detect.Evidence
}

func newGroupTargeting(site detect.Site) detect.Detector {
	return &groupAttack{site: site, people: map[uint32]bool{}, size: map[string]int{}, realms: map[realm]*groupRealm{}, stories: map[groupKey]*groupStory{}}
}

func (d *groupAttack) Classes() detect.ClassSet { return detect.Classes(event.ClassAuthentication) }

func (d *groupAttack) Observe(s *event.Sighting) {
	in, out := s.LoggedIn(), s.Failed()
	if !in && !out || s.Who.System || s.Who.Service {
		return
	}
	d.count(s.Who)
	r := d.realms[realmOf(s)]
	if r == nil {
		r = &groupRealm{failed: map[uint32]*groupTried{}, today: map[string]int{}, seen: map[uint32]bool{}, past: map[string]float64{}, tries: map[uint32]int64{}, usual: map[uint32]float64{}, open: map[string]*groupStory{}, next: groupLeast, begun: s.Day}
		d.realms[realmOf(s)] = r
	}
	if r.day != s.Day {
		r.nextDay(s.Day)
	}
	if in {
		if t := r.failed[s.Who.Handle]; t != nil && s.Time-t.last <= groupSlip*60e6 {
			delete(r.failed, s.Who.Handle)
		}
		r.homes.login(s)
		return
	}
	if r.homes.failure(s) || !guessReason(s.Reason) || unknownName(s, d.site) || s.Who.Department == "" && len(s.Who.Groups) == 0 && !s.Who.Listed {
		return
	}
	r.fail(s, d)
	if d.Asked(s.Who) {
		d.tell(s, r)
	}
}

// count learns how large the groups are, by those of their accounts that the records name.
func (d *groupAttack) count(who *event.Account) {
	if d.people[who.Handle] || !who.Listed && who.Department == "" {
		return
	}
	d.people[who.Handle] = true
	for g := range groupsOf(who) {
		if _, ok := d.size[g]; ok || len(d.size) < groupNames {
			d.size[g]++
		}
	}
}

// asked returns how many groups are asked about.
func (d *groupAttack) asked() int {
	groups := 0
	for _, n := range d.size {
		groups += count(float64(n) <= groupSize*float64(len(d.people)))
	}
	return max(groups, 1)
}

// groupsOf yields the names of the groups and the department of an account.
func groupsOf(who *event.Account) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, g := range who.Groups {
			if !yield(g) {
				return
			}
		}
		if who.Department != "" && !slices.Contains(who.Groups, who.Department) {
			yield(who.Department)
		}
	}
}

func inGroup(who *event.Account, group string) bool {
	return who.Department == group || slices.Contains(who.Groups, group)
}

// nextDay takes the day that ended into the shares of other days, unless a group was under attack on it.
func (r *groupRealm) nextDay(day int32) {
	if len(r.open) == 0 {
		const keep = 0.96
		r.all = r.all*keep + float64(len(r.seen))
		for g := range r.past {
			r.past[g] *= keep
		}
		for g, n := range r.today {
			r.past[g] += float64(n)
		}
	}
	r.learnClients()
	for g, st := range r.open {
		if day-st.lastDay > groupApart {
			delete(r.open, g)
		}
	}
	clear(r.today)
	clear(r.seen)
	r.day = day
}

// learnClients takes today's failures of each account into what is usual for it: a mail program with an old password fails all day, every day.
func (r *groupRealm) learnClients() {
	const keep = 0.8
	for h, u := range r.usual {
		if u *= keep; u < 0.5 && r.tries[h] == 0 {
			delete(r.usual, h)
		} else {
			r.usual[h] = u
		}
	}
	for h, n := range r.tries {
		r.usual[h] += (1 - keep) * float64(n)
	}
	clear(r.tries)
}

// hard says whether an account was tried more often than its owner, or a program of his, does it.
func (r *groupRealm) hard(h uint32, t *groupTried) bool {
	return t.tries >= groupHard && float64(t.tries) >= groupUsual*r.usual[h]
}

func (r *groupRealm) fail(s *event.Sighting, d *groupAttack) {
	h := s.Who.Handle
	if !r.seen[h] && len(r.seen) < groupFailed {
		r.seen[h] = true
		for g := range groupsOf(s.Who) {
			if _, ok := r.today[g]; ok || len(r.today) < groupNames {
				r.today[g]++
			}
		}
	}
	r.expire(s.Time)
	t := r.failed[h]
	if t == nil {
		if len(r.failed) >= groupFailed || len(r.order) >= 4*groupFailed {
			return
		}
		t = &groupTried{who: s.Who, first: s.Time}
		r.failed[h] = t
		r.order = append(r.order, h)
	}
	t.last = s.Time
	t.tries += s.Times()
	r.tries[h] += s.Times()
	if len(r.open) > 0 {
		for g := range groupsOf(s.Who) {
			if st := r.open[g]; st != nil {
				st.add(s)
			}
		}
	}
	if r.next--; r.next <= 0 && s.Day-r.begun >= groupLearn {
		r.next = max(len(r.failed)/4, groupLeast)
		r.test(s, d)
	}
}

// expire forgets failures that lie before the span.
func (r *groupRealm) expire(now event.Micros) {
	n := 0
	for n < len(r.order) {
		t := r.failed[r.order[n]]
		if t != nil && now-t.first <= groupSpan*3600e6 {
			break
		}
		if t != nil {
			delete(r.failed, r.order[n])
		}
		n++
	}
	if n > 0 {
		r.order = append(r.order[:0], r.order[n:]...)
	}
}

// test asks of every group whether it has too large a share in what failed within the span: among all accounts, and among those that were tried
// more often than people try.
func (r *groupRealm) test(s *event.Sighting, d *groupAttack) {
	var found []groupFound
	for _, hard := range []bool{false, true} {
		found = append(found, r.among(d, hard)...)
	}
	// The name that chance explains least comes first; others of the same accounts join it.
	slices.SortFunc(found, func(a, b groupFound) int {
		return cmp.Or(cmp.Compare(a.chance, b.chance), cmp.Compare(a.group, b.group))
	})
	for _, f := range found {
		r.raise(s, d, f)
	}
}

// groupFound is a group that has too large a share.
type groupFound struct {
	group     string
	n, others int
	chance    float64
}

func (r *groupRealm) among(d *groupAttack, hard bool) []groupFound {
	in, tries := map[string]int{}, map[string]int64{}
	all, least := 0, groupChance
	if hard {
		least = groupRarely
	}
	for h, t := range r.failed {
		if hard && !r.hard(h, t) {
			continue
		}
		all++
		for g := range groupsOf(t.who) {
			in[g]++
			tries[g] += t.tries
		}
	}
	people := len(d.people)
	var found []groupFound
	for g, n := range in {
		if n < groupLeast || float64(n) < groupMost*float64(all) || float64(tries[g]) < groupTries*float64(n) || float64(d.size[g]) > groupSize*float64(people) {
			continue
		}
		share := float64(d.size[g]) / float64(max(people, 1))
		share = max(share, (r.past[g]+5*share)/(r.all+5))
		chance := hypergeometricTail(n, all, share*float64(people), people) * float64(d.asked())
		if chance <= least {
			found = append(found, groupFound{g, n, all - n, chance})
		}
	}
	return found
}

// raise opens a story of a group, or goes on with it.
func (r *groupRealm) raise(s *event.Sighting, d *groupAttack, f groupFound) {
	st := r.open[f.group]
	if st == nil {
		if r.alike(f.group) != nil || len(d.stories) >= groupNames {
			return
		}
		st = &groupStory{group: f.group, first: s.Time, alerted: s.Seen(), names: map[uint32]bool{}, chance: f.chance}
		for _, h := range r.order {
			if t := r.failed[h]; t != nil && inGroup(t.who, f.group) {
				st.first = min(st.first, t.first)
				st.tries += t.tries
				st.names[h] = true
			}
		}
		st.evidence.Add(s.Event)
		st.last = s.Time
		r.open[f.group] = st
		d.stories[groupKey{realmOf(s), f.group, st.first}] = st
	}
	st.lastDay, st.size = s.Day, d.size[f.group]
	st.chance = min(st.chance, f.chance)
	if f.n > st.peak {
		st.peak, st.others = f.n, f.others
	}
}

// alike returns the story under another name of nearly the same accounts, if one is open: they are one attack. It keeps the name.
func (r *groupRealm) alike(group string) *groupStory {
	for _, name := range slices.Sorted(maps.Keys(r.open)) {
		both, either := 0, 0
		for _, h := range r.order {
			if t := r.failed[h]; t != nil {
				a, b := inGroup(t.who, group), inGroup(t.who, name)
				both, either = both+count(a && b), either+count(a || b)
			}
		}
		if st := r.open[name]; both > 0 && float64(both) >= groupSame*float64(either) {
			if !slices.Contains(st.also, group) && len(st.also) < 4 {
				st.also = append(st.also, group)
			}
			return st
		}
	}
	return nil
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (st *groupStory) add(s *event.Sighting) {
	st.last = s.Time
	st.tries += s.Times()
	if len(st.names) < groupFailed {
		st.names[s.Who.Handle] = true
	}
	st.sources.add(s)
	st.evidence.Add(s.Event)
}

// hypergeometricTail returns the chance that of n different accounts, taken at random from all of them, at least k are of a group of that size.
// The size need not be whole: a group of which others fail more often counts as larger.
func hypergeometricTail(k, n int, size float64, all int) float64 {
	all = max(all, n)
	rest := float64(all) - size
	if k <= 0 || rest <= 0 {
		return 1
	}
	choose := func(n float64, k int) float64 { // its logarithm
		a, _ := math.Lgamma(n + 1)
		b, _ := math.Lgamma(float64(k) + 1)
		c, _ := math.Lgamma(n - float64(k) + 1)
		return a - b - c
	}
	sum := 0.0
	for i := k; i <= n && float64(i) <= size && i < k+512; i++ {
		if float64(n-i) <= rest {
			sum += math.Exp(choose(size, i) + choose(rest, n-i) - choose(float64(all), n))
		}
	}
	return min(sum, 1)
}

func (d *groupAttack) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for key, st := range d.stories {
		out = append(out, st.finding(key))
	}
	slices.SortFunc(out, func(a, b event.Finding) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.First, b.First)) })
	return out
}

func (st *groupStory) finding(key groupKey) event.Finding {
	f := event.Finding{
		Key: fmt.Sprintf("%s %s %d", key.realm, st.group, key.first), Severity: event.Medium, First: st.first, Last: st.last, Alerted: st.alerted,
		Addresses: st.sources.broad(3, 2000), Evidence: st.evidence.Refs(),
		Numbers: []event.Figure{figure("accounts", float64(len(st.names))), figure("accounts_of_the_group", float64(st.size)), figure("failures", float64(st.tries)),
			figure("most_within_the_span", float64(st.peak)), figure("others_within_the_span", float64(st.others)), figure("log10_of_chance", math.Floor(math.Log10(max(st.chance, 1e-300))))},
	}
	if st.chance <= groupChance && (float64(st.peak) >= groupWhole*float64(st.size) || st.peak >= groupMany) {
		f.Severity = event.High
	}
	name := st.group
	if len(st.also) > 0 {
		name += " (" + strings.Join(st.also, ", ") + ")"
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("特定の部署・グループ「%s」を狙ったパスワード推測（%d アカウント）", name, len(st.names)),
		En: fmt.Sprintf("passwords are being guessed at one group, %s (%d accounts)", name, len(st.names))}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s の記録で、%d 時間のうちに「%s」の %d アカウントが失敗し（同じ時間にほかは %d アカウント）、偶然では説明できない偏りがある。狙う相手を選べるのは、組織の名簿や役割を知る者である。その部署だけに関わる認証の障害や設定変更でも起こる。", key.realm, groupSpan, name, st.peak, st.others),
		En: fmt.Sprintf("In %s %d accounts of %s failed within %d hours, and %d others: more than chance explains. Whoever can choose so knows who is who in the institute. A fault, or a changed setting, that concerns this group alone can look like this.", key.realm, st.peak, name, groupSpan, st.others)}
	return f
}
