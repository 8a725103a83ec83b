// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// projectWeb2021 is the kind of incident that was told on 26 May 2021: a supplier's site, shared with its customers and
// partners, was read with valid accounts, and several public bodies lost what lay there. What the reports say is the date, the
// kinds of data, 76,000 mail addresses at least, and that an airport had told of its own leak on 20 May. How the passwords were
// had is not known. That he was slow, spaced his visits, changed addresses, took small pieces and never tried what had failed
// before, is what the same source says of such attacks; accounts, addresses and the five months are chosen here.
func projectWeb2021() incident {
	return incident{
		name: "projectweb-2021", first: "2020-11-29", weeks: 26, begins: "2020-12-07", hours: [2]string{"10:00", "19:30"},
		dull:     []dull{{"2021-01-03", "2021-03-27", 4}},
		accounts: 400, least: leastAccounts, full: 400, deaf: []string{groupLeave, groupErased}, verdict: "breach", has: []string{sysProjectSite},
		write: func(p *plot) {
			s := castSiteThief(p)
			s.waysIn()    // 2020-12-07 … 16: each tried once
			s.passwords() // where they came from is in no log
			s.addresses() // 76,000, in pieces
			s.documents() // of five bodies, until 2021-05-20
			s.firstLooks()
			p.g.found = &Found{Time: utc(p.at("2021-05-20 14:00")), How: "a customer, the airport company, finds that documents of its own leaked from the site, and tells the public", HowJa: "顧客の空港会社が、自社の文書がサイトから漏れたことを知り、公表する"}
		},
	}
}

// siteThief is the cast.
type siteThief struct {
	*plot
	s        *sharedSite
	accounts []int   // of the site, in the order in which he comes to use them
	from     []int32 // his addresses
	turn     int
	first    map[int]int64 // when he first takes something with an account
}

func castSiteThief(p *plot) *siteThief {
	c := &siteThief{plot: p, s: p.w.siteNamed(sysProjectSite), first: map[int]int64{}}
	c.accounts = p.pickUsers(c.s, []int{7, 5, 4}) // of the supplier, of partners, of customers
	p.shuffleInts(c.accounts)
	c.from = p.fromAll(p.rent("", 12))
	c.from = append(c.from, p.hide(kindVPN, 9)...)
	c.from = append(c.from, p.lines(17)...)
	p.shuffle(c.from)
	for _, u := range c.accounts {
		p.enter(c.s.users[u].guest, 1, "unknown", 1)
	}
	return c
}

// next returns who comes next: accounts change from visit to visit, and an address serves for one visit or two in a row.
func (c *siteThief) next(u int) caller {
	c.turn++
	return caller{user: u, at: c.from[c.turn*2/3%len(c.from)], with: chromeWindows}
}

func (c *siteThief) waysIn() {
	act := c.act(phrase{"侵入口を 1 回ずつ試す", "ways in, each tried once"}, "T1190", 0, "what failed is not tried again; each from another address")
	project := &c.s.projects[0]
	somebody := c.w.account(c.s.users[c.accounts[0]].guest).uid
	for i, w := range []struct {
		when, user, path string
		status           int
		known            bool
	}{
		{"2020-12-07 14:12", "-", "/..;/manager/html", 400, false},
		{"2020-12-09 10:48", "admin", c.s.base + "/", 401, false},
		{"2020-12-10 16:31", "-", c.s.path(0, len(project.docs)-1), 401, false},
		{"2020-12-14 11:05", "-", c.s.base + "-test/", 404, false},
		{"2020-12-16 17:20", somebody, c.s.base + "/", 401, true},
	} {
		c.move(act, c.at(w.when), func(t int64, d *dice) {
			c.r.tryOnce(act, c.s, t, c.from[i], chromeWindows, w.user, w.path, w.status, w.known)
		})
	}
}

func (c *siteThief) passwords() {
	act := c.act(phrase{"サイト利用者のパスワードを手に入れる", "passwords of the site's members come into his hands"}, "T1589.001", 0, "how is not known")
	c.move(act, c.at("2020-12-17 12:00"), func(t int64, d *dice) { c.g.used(act, t, -1, 0) })
}

// firstLooks are logins without a taking, some days before an account is first used.
func (c *siteThief) firstLooks() {
	act := c.act(phrase{"正規アカウントでの最初のログイン", "first logins with valid accounts"}, "T1078", 1, "one account every few days; nothing taken yet", "unusual-login")
	days := c.days("2020-12-21", "2021-05-20")
	for i, u := range c.accounts {
		query := ""
		if i%4 == 1 {
			query = "%E3%83%91%E3%82%B9%E3%83%AF%E3%83%BC%E3%83%89" // password
		}
		k := i * len(days) / (2 * len(c.accounts)) // for those that he uses no more
		first, used := c.first[u]
		if used {
			k = -1
			for k+1 < len(days) && days[k+1].open <= first {
				k++
			}
			k -= 1 + c.d.n(7)
		}
		at := c.evening(days[max(0, k)])
		if used {
			at = min(at, first-hour)
		}
		who := c.next(u)
		c.move(act, at, func(t int64, d *dice) { c.r.look(act, c.s, t, who, query, d) })
	}
}

// visit places a sitting.
func (c *siteThief) visit(act, u int, t int64, take []taking) {
	if first, ok := c.first[u]; !ok || t < first {
		c.first[u] = t
	}
	who := c.next(u)
	c.move(act, t, func(t int64, d *dice) { c.r.sit(act, c.s, t, who, take, d) })
}

// lineOfList is how long a line of the list of mail addresses is.
const lineOfList = 80

func (c *siteThief) addresses() {
	act := c.act(phrase{"メールアドレス 76,000 件の一覧を小分けに持ち出す", "a list of 76,000 mail addresses taken in small pieces"}, "T1030", 2, "of the Ministry of Lands", "excess-taking", "small-chunk-upload")
	project, doc := c.s.find("lands-mail", mailAddresses)
	readers := c.readersOf(project)
	left := c.s.projects[project].docs[doc].size
	pieces := int(left / (3072 * lineOfList))
	days := c.days("2021-02-01", "2021-04-30")
	for i := range pieces + 1 {
		piece := min(left, 3072*lineOfList)
		if left -= piece; piece == 0 {
			break
		}
		take := []taking{{project: project, doc: doc, piece: piece, of: "Ministry of Lands", class: "directory", count: piece / lineOfList}}
		c.visit(act, readers[i%len(readers)], c.evening(days[i*len(days)/(pieces+1)]), take)
	}
}

func (c *siteThief) documents() {
	for _, b := range []struct {
		of, note string
		projects []string
		n        int
	}{
		{"Minato Airport Company", "flight operation control; told on 2021-05-20", []string{"airport-ops", "airport-web"}, 32},
		{"Ministry of Lands", "settings of mail and of the way to the Internet; told on 2021-05-26", []string{"lands-mail", "lands-portal"}, 44},
		{"Cabinet Cyber Office", "which devices its systems are made of; told on 2021-05-26", []string{"cyber-net"}, 27},
		{"Ministry of External Affairs", "studies of a digital policy, with names; told on 2021-05-26", []string{"external-digital"}, 17},
		{"Hakusan Laboratory", "the campus network", []string{"hakusan-net"}, 13},
	} {
		act := c.act(both("文書の持ち出し：%s", "documents taken: %s", b.of), "T1213", 3, b.note, "excess-taking", "unusual-login")
		var all []taking
		for _, key := range b.projects {
			all = append(all, c.someDocs(key, b.of, b.n/len(b.projects))...)
		}
		days := c.days("2021-01-12", "2021-05-20")
		for i := 0; len(all) > 0; i++ {
			n := min(len(all), 1+c.d.n(4))
			take := all[:n]
			all = all[n:]
			readers := c.readersOf(take[0].project)
			c.visit(act, readers[i%len(readers)], c.evening(days[c.d.n(len(days))]), take)
		}
	}
}

// someDocs are documents of a project: those that matter, and others that were there from the beginning; no large ones.
func (c *siteThief) someDocs(key, of string, n int) []taking {
	var out []taking
	for k := range c.s.projects {
		p := &c.s.projects[k]
		if p.key != key {
			continue
		}
		for i := len(p.docs) - 1; i >= 0 && len(out) < n; i-- { // what matters stands last
			if x := &p.docs[i]; x.added == 0 && x.name != mailAddresses && x.size < 1_300_000 {
				out = append(out, taking{project: k, doc: i, of: of, class: "file", count: 1})
			}
		}
	}
	return out
}

// readersOf are his accounts that may see a project.
func (c *siteThief) readersOf(project int) []int {
	return c.plot.readersOf(c.s, c.accounts, project)
}
