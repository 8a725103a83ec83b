// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// The ordinary life of the staff's mail server; see system_mail.go.

// mailLife performs one of its moments.
func mailLife(r *run, own int, m moment, d *dice) {
	w, l := r.w, r.l.submission
	p := &w.people[m.who]
	from := &w.book.all[m.at]
	switch deed(own) {
	case smFetch:
		r.mailbox(m.t, m.who, from, fetching{took: d.span(minute, 4*hour), headers: d.n(40), mails: d.n(14), bytes: d.span(0, 3<<20)}, d)
	case smSend:
		letters := []letter{r.ordinary(m.who, d)}
		if d.chance(0.1) {
			letters = append(letters, r.ordinary(m.who, d))
		}
		if d.chance(0.012) {
			r.mailRefused(m.t-d.span(20*second, 50*second), m.who, from, p.uid, d)
		}
		r.post(m.t, m.who, from, p.uid, letters, d)
	case smReceive:
		s := &w.staffMail.peers[d.n(len(w.staffMail.peers))]
		l.arrive(m.t, smtpClient{s.mx, s.ip}, letter{from: w.staffMail.someone(s, d), id: guid(dice(d.next())) + "@" + s.domain, size: d.span(3000, 90000), to: []addressee{w.inHouse(m.who)}}, d)
	case smWebmail:
		r.webmail(m.t, m.who, from, r.agent(m.with, p.lag), 2+d.n(6), d)
	case smStale:
		r.imapRefused(m.t, m.who, from, p.uid, d)
	case smBulk:
		r.post(m.t, m.who, from, p.uid, []letter{r.toMany(m.who, 50, "symposium", int(m.n), d)}, d)
	case smNewsletter:
		r.post(m.t, m.who, from, p.uid, []letter{r.toMany(m.who, 50, "news", int(m.n), d)}, d)
	case smList:
		r.list(m.t, w.staffMail.lists[m.n], d)
	case smPrinter:
		l.arrive(m.t, r.smtpClient(from), letter{from: "scan@" + domain, id: guid(dice(d.next())) + "@mfp", size: d.span(80_000, 4_000_000), to: []addressee{w.inHouse(m.who)}}, d)
	case smAlert:
		l.arrive(m.t, smtpClient{"unknown", "172.16.5.95"}, letter{from: "monitor@" + domain, id: guid(dice(d.next())) + "@monitor", size: d.span(900, 2400), to: []addressee{w.inHouse(w.staffMail.batch)}}, d)
	case smBatch:
		m2 := letter{from: p.mail, box: p.uid, id: guid(dice(d.next())) + "@cluster", size: d.span(800, 1900), to: []addressee{w.inHouse(m.who)}}
		r.post(m.t, m.who, from, p.uid, []letter{m2}, d)
	case smNoiseAuth:
		r.knockMail(m.t, from, m.who, d)
	case smNoiseRelay:
		s := &w.staffMail.peers[d.n(freePeers)]
		to := w.staffMail.someone(s, d)
		if d.chance(0.5) {
			to = commonIDs()[d.n(len(commonIDs()))] + "@" + domain
		}
		l.turnAway(m.t, r.smtpClient(from), w.staffMail.someone(s, d), to, d)
	}
}

func (r *run) smtpClient(a *address) smtpClient { return smtpClient{reverse(a), a.ip} }

// confirm asks the directory for a right password, unless Dovecot remembers that it was right for that name within the hour.
// It returns which log tells of it.
func (r *run) confirm(t int64, who int32, typed string) trace {
	last := &r.l.submission.asked[2*who]
	if typed != r.w.people[who].uid {
		last = &r.l.submission.asked[2*who+1]
	}
	if t-*last <= hour && *last > 0 {
		return 0
	}
	*last = t
	r.l.slapd.attempt(&r.l.slapd.staff, t, typed, r.w.people[who].dn, true)
	return onSlapd
}

// post is a login over SMTP AUTH, as the name that is typed, and the letters that are left. It returns which logs name the
// account: without a letter Postfix does not.
func (r *run) post(t int64, who int32, from *address, typed string, letters []letter, d *dice) trace {
	logs := r.confirm(t, who, typed)
	if len(letters) > 0 {
		logs |= onSubmission
	}
	method := "PLAIN"
	if r.w.people[who].desk == edgeWindows || from.hostile {
		method = "LOGIN"
	}
	end := r.l.submission.submit(t+30*millisecond, r.smtpClient(from), r.w.people[who].uid, method, letters, d)
	var size int64
	for i := range letters {
		size += letters[i].size
	}
	r.throughOffice(t, end, r.w.people[who].pc, from, submissionOut, 587, size+3000, 4000, d)
	return logs
}

// throughOffice writes the firewall's record of a session from the office to a host outside; from anywhere else it sees none.
func (r *run) throughOffice(t, end int64, pc string, from *address, dst string, port int, sent, received int64, d *dice) {
	if from.kind == kindOwn {
		r.l.edge.write(r.outward(end, pc, dst, "Japan", from.ip, port, end-t, sent, received, d))
	}
}

// mailRefused is a wrong password over SMTP AUTH.
func (r *run) mailRefused(t int64, who int32, from *address, typed string, d *dice) {
	r.l.slapd.attempt(&r.l.slapd.staff, t, typed, r.w.people[who].dn, false)
	r.l.submission.refuse(t+5*millisecond, r.smtpClient(from), typed, "LOGIN", true, d)
}

// imapRefused is a wrong password over IMAP.
func (r *run) imapRefused(t int64, who int32, from *address, typed string, d *dice) {
	r.l.slapd.attempt(&r.l.slapd.staff, t, typed, r.w.people[who].dn, false)
	r.l.submission.imapRefused(t+5*millisecond, typed, from.ip, true, d)
}

// knockMail is a stranger's try over SMTP AUTH: mostly names that nobody has, now and then an address that stands on the web.
func (r *run) knockMail(t int64, from *address, who int32, d *dice) {
	if p := &r.w.people[who]; r.w.usesStaffMail(who) && d.chance(0.12) {
		r.mailRefused(t, who, from, p.mail, d)
		return
	}
	typed := commonIDs()[d.n(len(commonIDs()))]
	if d.chance(0.5) {
		typed += "@" + domain
	}
	r.l.slapd.attempt(&r.l.slapd.staff, t, typed, "", false)
	r.l.submission.refuse(t+5*millisecond, r.smtpClient(from), typed, "LOGIN", false, d)
}

// mailbox is an IMAP session. It returns which logs name the account.
func (r *run) mailbox(t int64, who int32, from *address, f fetching, d *dice) trace {
	p := &r.w.people[who]
	logs := r.confirm(t, who, p.uid)
	r.l.submission.imap(t+30*millisecond, p.uid, from.ip, f, "TLS", d)
	r.throughOffice(t, t+f.took, p.pc, from, submissionOut, 993, 2000+int64(f.mails)*60, f.bytes+int64(f.headers)*1300+4000, d)
	return logs | onSubmission
}

// ordinary is a letter as people write them.
func (r *run) ordinary(who int32, d *dice) letter {
	p := &r.w.people[who]
	m := letter{from: p.mail, box: p.uid, id: guid(dice(d.next())) + "@" + domain, size: d.span(1200, 26000)}
	if d.chance(0.15) { // with a file
		m.size = d.span(90_000, 8_000_000)
	}
	n := 1
	switch {
	case d.chance(0.05):
		n = 6 + d.n(20)
	case d.chance(0.27):
		n = 2 + d.n(4)
	}
	for range n {
		m.to = append(m.to, r.w.correspondent(who, d))
	}
	return m
}

// toMany is part number k of a letter to people on a list: the same ones each time. Some of them have moved, and free mail
// services put off what comes in such numbers.
func (r *run) toMany(who int32, n int, list string, k int, d *dice) letter {
	p, s := &r.w.people[who], r.w.staffMail
	m := letter{from: p.mail, box: p.uid, id: guid(dice(d.next())) + "@" + domain, size: d.span(38_000, 41_000)}
	for i := range n {
		c := roll(r.w.seed, streamStaffMail, uint64(len(list)), uint64(k), uint64(i))
		at := &s.peers[c.n(len(s.peers))]
		a := addressee{mail: s.someone(at, &c), peer: at}
		switch {
		case c.chance(0.02):
			a.fate = fateUnknown
		case c.chance(0.04):
			a.fate = fateLater
		}
		m.to = append(m.to, a)
	}
	return m
}

// list is a letter to a mailing list, which the list's program on the same host sends on to some dozens of members.
func (r *run) list(t int64, name string, d *dice) {
	w, l := r.w, r.l.submission
	sender := &w.people[d.n(len(w.people))]
	id := guid(dice(d.next())) + "@" + domain
	program := peer{domain, "127.0.0.1", "127.0.0.1"}
	own := smtpClient{"localhost", "127.0.0.1"}
	l.arrive(t, smtpClient{w.staffMail.peers[6].mx, w.staffMail.peers[6].ip}, letter{from: sender.mail, id: id, size: d.span(2000, 9000), to: []addressee{{mail: name + "@" + domain, peer: &program}}}, d)
	m := letter{from: name + "-bounces@" + domain, id: id, size: d.span(3000, 12000)}
	for i, uses := range w.staffMail.uses {
		if c := roll(w.seed, streamStaffMail, uint64(len(name)), uint64(i)); uses && len(m.to) < 60 && c.chance(0.3) {
			m.to = append(m.to, w.inHouse(int32(i)))
		}
	}
	l.arrive(t+3*second, own, m, d)
}

// webmail is somebody who reads mail in the webmail (Roundcube). Each page opens an IMAP session of its own, for which the
// webmail names the person's address; the password is asked for once.
func (r *run) webmail(t int64, who int32, from *address, agent string, pages int, d *dice) {
	l, p := r.l, &r.w.people[who]
	const home = "https://" + submissionName + "/webmail/"
	r.confirm(t, who, p.uid)
	l.webmail.hit(t-d.span(4*second, 20*second), from.ip, "GET /webmail/", 200, 1893, "-", agent)
	l.webmail.hit(t, from.ip, "POST /webmail/?_task=login", 302, 5, home+"?_task=login", agent)
	page := func(request string, size int64, f fetching) {
		l.submission.imap(t+20*millisecond, p.uid, from.ip, f, "secured", d)
		l.webmail.hit(t+f.took+60*millisecond, from.ip, request, 200, int(size), home+"?_task=mail", agent)
		t += d.span(6*second, 90*second)
	}
	page("GET /webmail/?_task=mail&_mbox=INBOX", d.span(8000, 9000), fetching{took: 40 * millisecond, headers: 50})
	for range pages {
		n := d.span(2000, 90000)
		page("GET /webmail/?_task=mail&_caps=pdf%3D1%2Cflash%3D0%2Ctiff%3D0%2Cwebp%3D1&_uid="+itoa(4000+d.n(9000))+"&_mbox=INBOX&_framed=1&_action=preview", 3000+n/2,
			fetching{took: 30 * millisecond, mails: 1, bytes: n})
	}
	if d.chance(0.3) {
		r.l.submission.submit(t+20*millisecond, smtpClient{"localhost", "127.0.0.1"}, p.uid, "LOGIN", []letter{r.ordinary(who, d)}, d)
		l.webmail.hit(t+second, from.ip, "POST /webmail/?_task=mail&_unlock=loading"+itoa(int(t/second))+"&_framed=1&_lang=ja&_action=send", 200, 1011, home+"?_task=mail&_action=compose", agent)
	}
	if d.chance(0.03) { // one's own address book, for a new phone
		l.webmail.hit(t+40*second, from.ip, "GET /webmail/?_task=addressbook&_source=0&_action=export", 200, int(d.span(6000, 60000)), home+"?_task=addressbook", agent)
	}
}
