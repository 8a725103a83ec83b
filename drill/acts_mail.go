// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "slices"

// What an intruder does with mailboxes of the staff's own mail server; see system_mail.go.

// botBlocks are home lines abroad that programs on other people's machines send from.
func botBlocks() []block {
	return []block{
		{"177.54.146", "BR", "Sao Paulo", 28573}, {"103.161.172", "VN", "Hanoi", 7552}, {"102.89.33", "NG", "Lagos", 29465}, {"49.36.211", "IN", "Mumbai", 55836},
		{"36.74.99", "ID", "Jakarta", 7713}, {"78.180.45", "TR", "Istanbul", 9121}, {"190.107.22", "CO", "Bogota", 3816}, {"95.56.234", "KZ", "Almaty", 9198},
		{"41.104.77", "DZ", "Algiers", 36947},
	}
}

// bots draws n such lines.
func (p *plot) bots(n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		blocks := botBlocks()
		ids[i] = p.w.book.fresh(&p.d, kindResidential, blocks[i%len(blocks):i%len(blocks)+1])
	}
	p.his(ids)
	return ids
}

// guessMail is a wrong password over SMTP AUTH for an account, by the mail address that stands on the web.
func (r *run) guessMail(act int, t int64, who, at int32, d *dice) {
	r.mailRefused(t, who, &r.w.book.all[at], r.w.people[who].mail, d)
	r.g.used(act, t, at, onSlapd|onSubmission)
}

// tryMail is a right password over SMTP AUTH, and no letter: Postfix names nobody, and only the directory knows who it was.
func (r *run) tryMail(act int, t int64, who, at int32, d *dice) {
	logs := r.post(t, who, &r.w.book.all[at], r.w.people[who].mail, nil, d)
	r.g.used(act, t, at, onSubmission) // which shows the address, and not whose password was right
	r.g.entered(act, t, who, at, logs)
	r.g.reached(act, t, submissionHost, submissionIP, false, onSubmission)
}

// lure is a letter to many members that asks for their passwords, and sends those who believe it to a page outside.
func (r *run) lure(act int, t int64, at int32, to []int32, d *dice) {
	m := letter{from: "support@mail-kanri.example", id: guid(dice(d.next())) + "@mail-kanri.example", size: 5200}
	for _, who := range to {
		m.to = append(m.to, r.w.inHouse(who))
	}
	r.l.submission.arrive(t, smtpClient{"unknown", r.w.book.all[at].ip}, m, d)
	r.g.used(act, t, at, onSubmission)
}

// luredPage is where the lure leads.
const luredPage = "owa.mail-kanri.example"

// believe is a member at his desk who opens the page of the lure: the office's resolver and firewall see it. What he types
// there is in no log.
func (r *run) believe(act int, t int64, who, at int32, d *dice) {
	p, page := &r.w.people[who], &r.w.book.all[at]
	r.lookUp(t, p, luredPage, d)
	took := d.span(20*second, 2*minute)
	r.l.edge.write(r.outward(t+took, p.pc, page.ip, country(page.country), r.w.book.all[p.egress].ip, 443, took, d.span(3000, 6000), d.span(60_000, 160_000), d))
	r.g.used(act, t, at, onDNS|onEdge)
}

// readMailbox is an IMAP session of the intruder that takes letters.
func (r *run) readMailbox(act int, t int64, who, at int32, mails int, took int64, d *dice) {
	bytes := int64(mails) * d.span(30_000, 70_000)
	logs := r.mailbox(t, who, &r.w.book.all[at], fetching{took: took, headers: mails * 2, mails: mails, bytes: bytes}, d)
	r.g.entered(act, t, who, at, logs)
	r.g.used(act, t+took, at, onSubmission)
	r.g.reached(act, t, submissionHost, submissionIP, false, onSubmission)
	r.g.took("mail", who, "leaked", int64(mails), bytes)
}

// exportBook is a visit to the webmail that takes the address book.
func (r *run) exportBook(act int, t int64, who, at int32, entries int, d *dice) {
	from, agent, start := &r.w.book.all[at], r.agent(oldFirefox, 0), t
	r.webmail(t, who, from, agent, 1, d)
	const home = "https://" + submissionName + "/webmail/?_task=addressbook"
	t += 4 * minute
	r.l.webmail.hit(t, from.ip, "GET /webmail/?_task=addressbook", 200, 7120, home, agent)
	size := 180 + int64(entries)*236 // vCards
	r.l.webmail.hit(t+14*second, from.ip, "GET /webmail/?_task=addressbook&_source=0&_action=export", 200, int(size), home, agent)
	r.g.entered(act, start, who, at, onSubmission|onWebmail)
	r.g.lasted(act, t)
	r.g.took("directory", who, "leaked", int64(entries), size)
}

// spam is one connection that logs in as a member and leaves letters for strangers. How they are received grows worse: late is
// how far the sending has come, from 0 to 1. What is put off stays in the queue until somebody deletes it at the end.
func (r *run) spam(act int, t int64, who, at int32, letters int, late float64, end int64, d *dice) {
	p, s := &r.w.people[who], r.w.staffMail
	var all []letter
	for range letters {
		to := &s.peers[d.n(freePeers)]
		if d.chance(0.3) {
			to = &s.peers[d.n(len(s.peers))]
		}
		a := addressee{mail: s.someone(to, d), peer: to}
		switch {
		case d.chance(0.19):
			a.fate = fateUnknown
		case d.chance(0.02 + 0.3*late*late):
			a.fate = fateSpam
		case d.chance(0.04 + 0.22*late):
			a.fate = fateHeld
		}
		all = append(all, letter{from: p.mail, box: p.uid, id: guid(dice(d.next())) + "@" + domain, size: d.span(3100, 5600), to: []addressee{a}, until: end})
	}
	logs := r.post(t, who, &r.w.book.all[at], p.uid, all, d)
	r.g.entered(act, t, who, at, logs)
	r.g.reached(act, t, submissionHost, submissionIP, false, onSubmission)
}

// shutOut is the help desk that gives an account a new password.
func (r *run) shutOut(t int64, who int32) {
	r.l.slapd.modify(t, intraIP, "cn=helpdesk,ou=services,"+suffix, r.w.people[who].dn, "userPassword pwdReset")
	r.l.submission.asked[2*who], r.l.submission.asked[2*who+1] = 0, 0
}

// emptyQueue is the administrator who deletes what is still in the queue.
func (r *run) emptyQueue(t int64, d *dice) {
	l := r.l.submission
	pid := pidOf(d)
	slices.Sort(l.held)
	for i, id := range l.held {
		l.say(t+int64(i)*200, "postfix/postsuper", pid, id, ": removed")
	}
	l.say(t+int64(len(l.held))*200, "postfix/postsuper", pid, "Deleted: "+itoa(len(l.held))+" messages")
	l.held = l.held[:0]
}
