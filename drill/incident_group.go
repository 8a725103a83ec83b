// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// groupShared2023 is the kind of incident that a group of companies told of in 2023: the system that they share was entered in
// February with valid accounts, after malware at one of them, and half a year later another company was found to have lost the
// data of about 10,000 persons, of works from 2003-11-06 to 2023-02-18. (The digest prints 2003 for the first year; it is kept.)
// Accounts, addresses and dates within the weeks are chosen here, and so is a third company whose pages were only looked at.
// The digest calls the leak possible; here the lists were sent, and the access log says so.
func groupShared2023() incident {
	return incident{
		name: "group-shared-system-2023", first: "2023-01-01", weeks: 8, begins: "2023-01-23", hours: [2]string{"18:30", "25:00"},
		dull:     []dull{{"2023-01-01", "2023-01-21", 1}},
		accounts: 400, least: leastAccounts, full: 400, deaf: []string{groupLeave, groupErased}, verdict: "breach", has: []string{sysGroupSite},
		write: func(p *plot) {
			c := castGroupThief(p)
			c.malware()  // 01-23
			c.kikaku()   // 02-01 … 10: found in February
			c.butsuryu() // 02-09: looked at
			c.tech()     // 02-13 … 18: found in August
			c.found()    // 02-20
		},
	}
}

// groupThief is the cast.
type groupThief struct {
	*plot
	s            *sharedSite
	clerk, other int   // whose PC has the malware, and a colleague
	butsuryuUser int   // of the third company
	techUsers    []int // two
	rented       []int32
	companyProxy int32 // of the first company: he comes through its own way out
}

func castGroupThief(p *plot) *groupThief {
	c := &groupThief{plot: p, s: p.w.siteNamed(sysGroupSite)}
	of := func(key string, n int) []int {
		var out []int
		for i := range c.s.users {
			if u := &c.s.users[i]; c.s.bodies[u.body].key == key && u.joined == 0 && len(out) < n {
				out = append(out, i)
			}
		}
		return out
	}
	kikaku := of("kikaku", 2)
	c.clerk, c.other = kikaku[0], kikaku[1]
	c.butsuryuUser = of("butsuryu", 1)[0]
	c.techUsers = of("tech", 2)
	c.companyProxy = c.s.users[c.clerk].egress
	c.rented = p.fromAll(p.rent("", 5))
	for i, u := range append([]int{c.clerk, c.other, c.butsuryuUser}, c.techUsers...) {
		cause := "unknown"
		if i < 2 {
			cause = "stolen-file" // what the malware found on the PC
		}
		p.enter(c.s.users[u].guest, 1+i/2, cause, 1)
	}
	return c
}

func (c *groupThief) malware() {
	act := c.act(phrase{"白山企画の PC のマルウェア", "malware on a PC of Hakusan Kikaku"}, "T1566.001", 0, "the company keeps no log of it; the passwords that its browsers remember are taken")
	c.move(act, c.at("2023-01-23 18:40"), func(t int64, d *dice) { c.g.used(act, t, -1, 0) })
}

// kikaku is what was found at once: the clerk's own account and a colleague's, through the company's own way out, by night.
func (c *groupThief) kikaku() {
	act := c.act(phrase{"白山企画の名簿を同社の網から読み出す", "the register of Hakusan Kikaku read from its own network"}, "T1078", 1, "found in February", "excess-taking", "unusual-login")
	month := monthOf{year: 2018, month: 3}
	for i, day := range c.days("2023-02-01", "2023-02-10") {
		who := caller{user: []int{c.clerk, c.other}[i%2], at: c.companyProxy, with: oldFirefox}
		var lists []monthOf
		for range 6 {
			if month.year < 2023 || month.month <= 2 {
				lists = append(lists, monthOf{month.year, month.month, 30 + c.d.n(40)})
			}
			if month.month++; month.month > 12 {
				month.year, month.month = month.year+1, 1
			}
		}
		c.move(act, c.evening(day), func(t int64, d *dice) { c.r.readRegister(act, c.s, t, who, lists, 4, d) })
	}
}

func (c *groupThief) butsuryu() {
	act := c.act(phrase{"白山物流のページを見る", "Hakusan Butsuryu's pages looked at"}, "T1078", 2, "nothing taken; found in August", "unusual-login")
	c.move(act, c.at("2023-02-09 21:15"), func(t int64, d *dice) {
		c.r.look(act, c.s, t, caller{c.butsuryuUser, c.rented[0], oldFirefox}, "%E5%90%8D%E7%B0%BF", d) // list of names
	})
}

// techMonths are the lists of Hakusan Tech's works: every month from the first to the last, 10,000 persons in all.
func techMonths() []monthOf {
	var out []monthOf
	for y, m := 2003, 11; y < 2023 || m <= 2; {
		out = append(out, monthOf{year: y, month: m})
		if m++; m > 12 {
			y, m = y+1, 1
		}
	}
	for i := range out {
		out[i].persons = 10_000*(i+1)/len(out) - 10_000*i/len(out)
	}
	return out
}

// tech is what was found half a year later: the whole register of another company, month by month.
func (c *groupThief) tech() {
	act := c.act(phrase{"白山テックの名簿を月ごとに読み出す", "the register of Hakusan Tech read month by month"}, "T1213", 3,
		"about 10,000 persons of works from 2003-11-06 to 2023-02-18, with copies of identity cards; found in August", "excess-taking", "unusual-login")
	lists := techMonths()
	days := c.every("2023-02-13", "2023-02-18")
	for i := range 12 {
		from, to := len(lists)*i/12, len(lists)*(i+1)/12
		who := caller{user: c.techUsers[i%2], at: c.rented[1+i/3%4], with: oldFirefox}
		day := days[i*len(days)/12]
		at := day.open + (day.shut-day.open)*int64(1+i%2*4)/10 + c.d.span(0, (day.shut-day.open)/20)
		c.move(act, at, func(t int64, d *dice) { c.r.readRegister(act, c.s, t, who, lists[from:to], 5, d) })
	}
}

// found is what was known at first: two accounts of one company, and no address but its own.
func (c *groupThief) found() {
	c.g.found = &Found{Time: utc(c.at("2023-02-20 18:30")), How: "a clerk of Hakusan Kikaku sees in her own history lists of workers that she never took", HowJa: "白山企画の担当者が、自分の操作履歴に、取得した覚えのない作業員名簿を見つける",
		Addresses: []string{c.w.book.all[c.companyProxy].ip}}
	for _, u := range []int{c.clerk, c.other} {
		c.g.found.Accounts = append(c.g.found.Accounts, c.w.account(c.s.users[u].guest).mail)
	}
}
