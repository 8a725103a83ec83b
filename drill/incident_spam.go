// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "slices"

// spam2023 is what a university told of in August 2023: eleven accounts of the staff's mail server sent 3,241 letters of spam
// from 27 June 2023, 9:39, to 28 June, 10:58; two of them had been entered on the 27th between 2:00 and 20:00, with address
// books of 1,875 entries. The passwords were changed, and it was over. How they were had is not told: here seven members
// believed a letter and four fell to slow guessing, for which it helped that the server takes mail addresses for login IDs. The
// guessing, the trial logins and the share of letters that come back are chosen here.
func spam2023() incident {
	return incident{
		name: "spam-2023", first: "2023-05-28", weeks: 6, begins: "2023-06-05", // around the clock
		accounts: 400, least: leastAccounts, full: 400, deaf: []string{hoursAny, groupLeave, groupErased}, verdict: "breach", has: []string{sysMailSubmission},
		write: func(p *plot) {
			c := castSpam(p)
			c.guessing()   // 06-05 … 23
			c.luring()     // 06-20
			c.trials()     // 06-24 … 26
			c.reading()    // 06-27 02:00 … 20:00
			c.sending()    // 06-27 09:39 … 06-28 10:58
			c.shut()       // 06-28
			c.afterwards() // 06-28 … 07-01
		},
	}
}

// The figures of the report.
const (
	spamAccounts = 11
	spamLetters  = 3241
	spamRead     = 2
	spamEntries  = 1875
)

// spammers is the cast.
type spammers struct {
	*plot
	lured, guessed []int32 // members
	targets        []int32 // whose addresses stand on the web; guessed at
	bots           []int32 // addresses that guess
	senders        []int32 // and that send
	reader         []int32 // from which mailboxes are read
	page           int32   // of the lure
}

func castSpam(p *plot) *spammers {
	c := &spammers{plot: p}
	all := p.pick(spamAccounts, func(m *person) bool { return !m.mfa && !m.legacy && p.w.staffMail.users[m.uid] })
	if p.err != nil {
		return c
	}
	c.lured, c.guessed = all[:7], all[7:]
	for i := range p.w.people {
		if p.w.staffMail.uses[i] && !p.w.people[i].disabled && i%5 == 2 && !slices.Contains(all, int32(i)) {
			c.targets = append(c.targets, int32(i))
		}
	}
	c.targets = append(c.targets, c.guessed...)
	p.shuffle(c.targets)
	c.bots, c.senders = p.bots(60), p.bots(27)
	c.reader = p.fromAll(append(p.rent("NL", 1), p.hide(kindVPN, 1)...))
	c.page = p.rent("US", 1)[0]
	for _, who := range c.lured {
		p.enter(who, 1, "phishing", 1)
	}
	for _, who := range c.guessed {
		p.enter(who, 1, "guessing", 1)
	}
	return c
}

func (c *spammers) guessing() {
	act := c.act(phrase{"SMTP AUTH でのゆっくりしたパスワード推測", "passwords guessed over SMTP AUTH, slowly"}, "T1110.003", 0, "by mail address, each from another line abroad", "password-guessing", "password-spray")
	days := c.every("2023-06-05", "2023-06-23")
	for k, d := range days {
		for i := range 55 {
			who, at := c.targets[(k*55+i)%len(c.targets)], c.bots[c.d.n(len(c.bots))]
			c.move(act, c.d.span(d.open, d.shut), func(t int64, d *dice) { c.r.guessMail(act, t, who, at, d) })
		}
	}
	found := c.act(phrase{"当たった推測", "guesses that were right"}, "T1110.003", 1, "no letter is sent: only the directory names the account", "success-after-guessing")
	for i, who := range c.guessed {
		day := days[len(days)*(i+2)/(len(c.guessed)+2)]
		at := c.bots[c.d.n(len(c.bots))]
		c.move(found, c.d.span(day.open, day.shut), func(t int64, d *dice) { c.r.tryMail(found, t, who, at, d) })
	}
}

func (c *spammers) luring() {
	act := c.act(phrase{"パスワードを尋ねるメール", "a letter that asks for passwords"}, "T1566.002", 0, "to a third of the staff")
	var readers []int32
	for i := range c.w.people {
		if c.w.staffMail.uses[i] && !c.w.people[i].disabled && (i%3 == 0 || slices.Contains(c.lured, int32(i))) {
			readers = append(readers, int32(i))
		}
	}
	at := c.at("2023-06-20 10:05")
	for i := 0; len(readers) > 0; i++ {
		n := min(len(readers), 20)
		some := readers[:n]
		readers = readers[n:]
		c.move(act, at+int64(i)*7*second, func(t int64, d *dice) { c.r.lure(act, t, c.page, some, d) })
	}
	open := c.act(phrase{"職員がメールの示すページを開く", "members open the page that the letter names"}, "T1204.001", 0, "seven type their passwords there, which is in no log; others only look")
	curious := c.free(func(m *person) bool { return c.w.staffMail.users[m.uid] })
	c.shuffle(curious)
	for _, who := range slices.Concat(c.lured, curious[:9]) {
		c.move(open, c.d.span(c.at("2023-06-20 10:20"), c.at("2023-06-20 17:40")), func(t int64, d *dice) { c.r.believe(open, t, who, c.page, d) })
	}
	typed := c.act(phrase{"7 人がページにパスワードを入力する", "seven passwords are typed into the page"}, "T1598.003", 0, "in no log of the institute")
	c.move(typed, c.at("2023-06-20 17:45"), func(t int64, d *dice) { c.g.used(typed, t, c.page, 0) })
}

func (c *spammers) trials() {
	act := c.act(phrase{"各パスワードを試す", "each password is tried"}, "T1078", 1, "from several countries, without a letter", "unusual-login", "impossible-travel")
	for i, who := range slices.Concat(c.lured, c.guessed) {
		at := c.senders[i*2%len(c.senders)]
		c.move(act, c.d.span(c.at("2023-06-24 01:00"), c.at("2023-06-26 22:00")), func(t int64, d *dice) { c.r.tryMail(act, t, who, at, d) })
	}
}

func (c *spammers) reading() {
	act := c.act(phrase{"2 つのメールボックスを読む", "two mailboxes are read"}, "T1114.002", 2, "", "mail-bulk-read", "unusual-login")
	book := c.act(phrase{"アドレス帳を持ち出す", "their address books are taken"}, "T1087.003", 2, "1,875 entries", "excess-taking")
	from, to := c.at("2023-06-27 02:00"), c.at("2023-06-27 20:00")
	entries := []int{1204, spamEntries - 1204}
	for i, who := range c.lured[:spamRead] {
		for k := range 6 {
			at := from + (to-from)*int64(k*2+i)/12 + c.d.span(0, (to-from)/40)
			c.move(act, at, func(t int64, d *dice) {
				c.r.readMailbox(act, t, who, c.reader[i], 60+d.n(140), min(d.span(6*minute, 25*minute), (to-from)/40), d)
			})
		}
		c.move(book, from+(to-from)*int64(3+2*i)/12, func(t int64, d *dice) { c.r.exportBook(book, t, who, c.reader[i], entries[i], d) })
	}
}

// sending lets each account send in a few bursts, some letters to a connection; the first and the last are at the report's times.
func (c *spammers) sending() {
	act := c.act(phrase{"迷惑メール 3,241 通", "3,241 letters of spam"}, "T1496", 3, "eleven accounts, in bursts, from several countries", "spam-burst", "unusual-login", "impossible-travel")
	from, to := c.at("2023-06-27 09:39"), c.at("2023-06-28 10:58")
	accounts := slices.Concat(c.lured, c.guessed)
	put := func(t int64, who int32, letters, burst int) {
		at, late := c.senders[(burst*3+c.d.n(3))%len(c.senders)], float64(t-from)/float64(to-from)
		c.move(act, t, func(t int64, d *dice) { c.r.spam(act, t, who, at, letters, late, to, d) })
	}
	put(from, accounts[0], 1, 0)
	put(to, accounts[1], 1, 1)
	left, pace := spamLetters-2, (to-from)/(25*60+19) // a minute of the report
	for burst := 0; left > 0; burst++ {
		who := accounts[burst%len(accounts)]
		n := min(left, 30+c.d.n(90))
		left -= n
		for t := from + (to-from)/100 + c.d.span(0, (to-from)*9/10); n > 0; t += c.d.span(pace/3, pace) {
			k := min(n, 1+c.d.n(7))
			n -= k
			put(min(t, to-pace), who, k, burst)
		}
	}
}

// shut is the end: the institute's own people change the passwords and empty the queue.
func (c *spammers) shut() {
	at := c.at("2023-06-28 10:58") + 4*minute
	c.g.found = &Found{Time: utc(c.at("2023-06-28 10:40")), How: "complaints come in, and the queue of the mail server is long: it names the accounts", HowJa: "苦情が届き、メールサーバの送信待ちが長く、そこにアカウント名が出ている"}
	for i, who := range slices.Concat(c.lured, c.guessed) {
		c.g.found.Accounts = append(c.g.found.Accounts, c.w.people[who].mail)
		c.response(at+int64(i)*90*second, func(t int64, d *dice) { c.r.shutOut(t, who) })
	}
	c.response(at+20*minute, func(t int64, d *dice) { c.r.emptyQueue(t, d) })
}

func (c *spammers) afterwards() {
	act := c.act(phrase{"プログラムが古いパスワードで試し続ける", "the programs go on with the old passwords"}, "T1078", 0, "none gets in", "password-guessing")
	from, to := c.at("2023-06-28 11:30"), c.at("2023-07-01 12:00")
	accounts := slices.Concat(c.lured, c.guessed)
	for i := range 260 {
		who, at := accounts[i%len(accounts)], c.senders[c.d.n(len(c.senders))]
		c.move(act, from+(to-from)*int64(i*i)/(260*260)+c.d.span(0, 3*minute), func(t int64, d *dice) {
			c.r.mailRefused(t, who, &c.w.book.all[at], c.w.people[who].uid, d)
			c.g.used(act, t, at, onSlapd|onSubmission)
		})
	}
}
