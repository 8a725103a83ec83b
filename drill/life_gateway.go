// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"strconv"
)

// The appliance before the mail system: everything that the institute sends to the Internet or gets from it by mail passes it.
const (
	gatewayIP      = "172.16.5.31"
	spareIP        = "172.16.5.32" // the box that stands in when the first is taken out
	gatewayOutside = "150.29.147.25"
	mailCloud      = "hakusanlab-example.mail.protection.outlook.com"
	gatewayVendor  = "mgw-vendor.example"
)

// mailGateway is the system: mails in and out, blocklists asked, strangers kept out, and what the box does for its maker's
// sake: lists fetched every hour, a report sent every night, a connection of the maker's support held for hours now and then.
// The maker's servers move from time to time, so that it honestly sends to where it never sent.
func mailGateway() system {
	return system{
		name: sysMailGateway,
		open: func(_ *world, l *logs, add func(s *sheet, kind string, f shape)) {
			add(&l.gateMail.sheet, logGateway, shape{path: "mail-gateway/maillog", naming: suffixed, period: weekly})
		},
		plan: planGateway, do: doGateway,
		profile: func(*world) profile {
			return profile{
				inputs: "  - {glob: \"mail-gateway/*\", format: postfix, timezone: Asia/Tokyo}\n",
				hosts:  "  - {name: mgw1, ip: " + gatewayIP + ", role: mail}\n  - {name: mgw2, ip: " + spareIP + ", role: mail}\n",
			}
		},
	}
}

// The deeds of the gateway.
const (
	gatewayIn      = iota // a mail from outside to a member
	gatewayOut            // a mail of a member to outside
	gatewaySpam           // a mail that is not let in
	gatewayHour           // lists from the maker
	gatewayReport         // the nightly report to the maker
	gatewaySupport        // the maker's support, held for hours
	gatewayPages          // an administrator on the appliance's pages
)

// planGateway appends the gateway's moments of a day.
func planGateway(r *run, out []moment, d int, own deed) []moment {
	w := r.w
	dd := roll(w.seed, streamGateway, uint64(d))
	at := func(minutes float64, do deed, who, from int32) {
		out = append(out, moment{t: w.cal.at(d, minutes), x: dd.next(), do: own + do, who: who, at: from})
	}
	in, sent := 1.1, 0.15
	if w.cal.works(d) {
		in, sent = 5.5, 2
	}
	for i := range w.people {
		p := &w.people[i]
		if !p.there(d) {
			continue
		}
		for range dd.times(in * (0.4 + 1.2*dd.unit())) {
			minutes := dd.bell(13*60, 200)
			if dd.chance(0.2) {
				minutes = 1440 * dd.unit()
			}
			at(minutes, gatewayIn, int32(i), 0)
		}
		for range dd.times(sent * (0.2 + 1.6*dd.unit())) {
			at(dd.bell(14*60, 150), gatewayOut, int32(i), 0)
		}
	}
	for range dd.times(40 + float64(len(w.people))/4) {
		at(1440*dd.unit(), gatewaySpam, int32(dd.n(len(w.people))), w.noise[dd.n(len(w.noise))])
	}
	for h := range 24 {
		at(float64(h)*60+11+2*dd.unit(), gatewayHour, int32(h), 0)
	}
	at(200+6*dd.unit(), gatewayReport, 0, 0)
	if own := roll(w.seed, streamGateway, uint64(d), 1); w.cal.works(d) && own.chance(1.0/25) { // whoever is at work
		at(dd.bell(14*60, 100), gatewaySupport, 0, 0)
	}
	if w.cal.works(d) && dd.chance(0.5) {
		at(dd.bell(11*60, 120), gatewayPages, 0, 0)
	}
	return out
}

// mailPartner is somebody's mail system outside.
type mailPartner struct{ domain, host, ip, country string }

// mailPartner returns the i-th of those that the institute writes with.
func (w *world) mailPartner(i int) mailPartner {
	d := roll(w.seed, streamGateway, 1<<32, uint64(i))
	blocks := [...][2]string{{"210.171.130", "Japan"}, {"202.232.11", "Japan"}, {"157.205.3", "Japan"}, {"203.180.222", "Japan"}, {"219.94.128", "Japan"},
		{"209.85.218", "United States"}, {"64.147.108", "United States"}, {"193.51.25", "France"}, {"141.84.7", "Germany"}}
	list := words()
	name := list[i%len(list)] + [...]string{"-u", "-kogyo", "-lab", "-shoji"}[(i/len(list)+i)%4] + ".example"
	b := blocks[d.n(len(blocks))]
	return mailPartner{domain: name, host: "mx" + itoa(1+d.n(2)) + "." + name, ip: b[0] + "." + itoa(10+i), country: b[1]}
}

// mailPartners is how many there are.
const mailPartners = 90

// somebody is one of them, some far oftener than others, and a person there.
func (w *world) somebody(d *dice) (mailPartner, string) {
	families := surnames()
	c := w.mailPartner(min(d.n(mailPartners), d.n(mailPartners)))
	return c, families[d.n(len(families))] + "@" + c.domain
}

// gateway says which box the mail passes at t, and its address; no name: none, the service stands still.
func (r *run) gateway(t int64) (name, ip string) {
	if r.plot != nil && r.plot.swap[1] != 0 && t >= r.plot.swap[0] {
		if t < r.plot.swap[1] {
			return "", ""
		}
		return "mgw2", spareIP
	}
	return "mgw1", gatewayIP
}

// doGateway performs one of the gateway's moments.
func doGateway(r *run, own int, m moment, d *dice) {
	name, ip := r.gateway(m.t)
	if name == "" { // switched off: senders try again when it is back
		if own != gatewayIn && own != gatewayOut {
			return
		}
		m.t = r.plot.swap[1] + d.span(0, 5*hour)
		name, ip = r.gateway(m.t)
	}
	r.l.gateMail.host = name
	switch own {
	case gatewayIn:
		r.mailIn(m.t, &r.w.people[m.who], ip, d)
	case gatewayOut:
		r.mailOut(m.t, &r.w.people[m.who], ip, d)
	case gatewaySpam:
		from := &r.w.book.all[m.at]
		c, _ := r.w.somebody(d)
		r.l.dns.query(m.t, ip, backwards(from.ip)+".zen.spamhaus.org", "A", d)
		r.l.gateMail.rejected(m.t, from.ip, commonIDs()[d.n(20)]+"@"+c.domain, r.w.people[m.who].mail, d)
		r.mailFlow(m.t+2*second, from.ip, country(from.country), "", 900, d)
	case gatewayHour:
		r.l.dns.query(m.t, ip, "update."+gatewayVendor, "A", d)
		r.vendorFlow(m.t+second, ip, 0, 443, d.span(second, 20*second), d.span(2000, 9000), d.span(20<<10, 900<<10), d)
	case gatewayReport:
		r.l.dns.query(m.t, ip, "telemetry."+gatewayVendor, "A", d)
		r.vendorFlow(m.t+second, ip, 1, 443, d.span(10*second, 3*minute), d.span(2<<20, 9<<20), d.span(20000, 60000), d)
	case gatewaySupport:
		r.l.dns.query(m.t, ip, "support."+gatewayVendor, "A", d)
		r.vendorFlow(m.t+second, ip, 2, 443, d.span(50*minute, 3*hour), d.span(1<<20, 12<<20), d.span(1<<20, 5<<20), d)
	case gatewayPages:
		took := d.span(2*minute, 30*minute)
		r.l.edge.write(r.inner(m.t+took, adminIP, ip, 8443, "close", took, d.span(20000, 200000), d.span(200<<10, 4<<20), d))
	}
}

// mailIn is a mail from outside: looked up, taken, passed on to the cloud.
func (r *run) mailIn(t int64, p *person, ip string, d *dice) {
	c, sender := r.w.somebody(d)
	r.mailFrom(t, p, c, sender, 0, ip, d)
}

// mailFrom is a mail of somebody there; without a size, of a usual one.
func (r *run) mailFrom(t int64, p *person, c mailPartner, sender string, size int64, ip string, d *dice) {
	r.l.dns.query(t, ip, backwards(c.ip)+".in-addr.arpa", "PTR", d)
	r.l.dns.query(t+second/10, ip, backwards(c.ip)+".zen.spamhaus.org", "A", d)
	r.l.dns.query(t+second/5, ip, c.domain, "MX", d)
	m := post{sender: sender, to: p.mail, fromHost: c.host, fromIP: c.ip, relayHost: mailCloud, relayIP: cloudRelay(d), size: cmp.Or(size, mailSize(d)), status: "sent", dsn: "2.6.0"}
	m.answer = "250 2.6.0 <" + strconv.FormatUint(d.next(), 36) + "@" + c.domain + "> Queued mail for delivery"
	r.l.gateMail.passed(t, m, d)
	r.mailFlow(t+3*second, c.ip, c.country, "", m.size, d)
	r.mailFlow(t+5*second, ip, "Japan", m.relayIP, m.size, d)
	r.tapped(t, m.size)
}

// mailOut is a member's mail to outside.
func (r *run) mailOut(t int64, p *person, ip string, d *dice) {
	c, to := r.w.somebody(d)
	relay := cloudRelay(d)
	r.l.dns.query(t, ip, c.domain, "MX", d)
	r.l.dns.query(t+second/10, ip, c.host, "A", d)
	m := post{sender: p.mail, to: to, fromHost: "mail-tyaapc01on" + itoa(2000+d.n(200)) + ".outbound.protection.outlook.com", fromIP: relay, relayHost: c.host, relayIP: c.ip,
		size: mailSize(d), status: "sent", dsn: "2.0.0", answer: "250 2.0.0 Ok: queued as " + queueID(t, d)}
	switch {
	case d.chance(0.008):
		m.status, m.dsn, m.answer = "bounced", "5.1.1", "host "+c.host+"["+c.ip+"] said: 550 5.1.1 <"+to+">: Recipient address rejected: User unknown (in reply to RCPT TO command)"
	case d.chance(0.01):
		m.status, m.dsn, m.answer = "deferred", "4.2.0", "host "+c.host+"["+c.ip+"] said: 450 4.2.0 <"+to+">: Recipient address rejected: Greylisted (in reply to RCPT TO command)"
	}
	again := r.l.gateMail.passed(t, m, d)
	r.mailFlow(t+3*second, relay, "Japan", "", m.size, d)
	r.mailFlow(t+5*second, ip, c.country, c.ip, m.size, d)
	if again != 0 {
		r.mailFlow(again+second, ip, c.country, c.ip, m.size, d)
	}
	r.tapped(t, m.size)
}

// mailFlow is one connection to port 25: from outside to the gateway where to is empty, else from the gateway to there.
func (r *run) mailFlow(end int64, from, where, to string, size int64, d *dice) {
	took := d.span(second, 4*second)
	if to == "" {
		r.l.edge.write(flow{end: end, src: from, dst: gatewayOutside, sport: 1024 + d.n(60000), dport: 25, proto: 6, action: "close", from: "wan1", to: "dmz",
			srcC: where, dstC: "Japan", took: took, sent: size + 900, received: 1400})
		return
	}
	f := r.outward(end, from, to, where, gatewayOutside, 25, took, size+1200, 1500, d)
	f.from = "dmz"
	r.l.edge.write(f)
}

// vendorFlow is a session of the gateway with its maker: 0 lists, 1 reports, 2 support. Their addresses change every seven weeks.
func (r *run) vendorFlow(t int64, ip string, what, port int, took, sent, received int64, d *dice) {
	home := [...]string{"151.139.128", "104.19.240", "199.250.200"}[what] + "." + itoa(10+(r.epochDay/49+what)%40)
	f := r.outward(t+took, ip, home, "United States", gatewayOutside, port, took, sent, received, d)
	f.from = "dmz"
	r.l.edge.write(f)
}

func cloudRelay(d *dice) string { return "52.101." + itoa(10+d.n(4)) + "." + itoa(1+d.n(40)) }

func mailSize(d *dice) int64 {
	if d.chance(0.12) {
		return d.span(200<<10, 4<<20)
	}
	return d.span(2000, 90000)
}

// backwards turns an IPv4 address round, as reverse lookups and blocklists want it.
func backwards(ip string) string {
	out, end := "", len(ip)
	for i := len(ip) - 1; i >= 0; i-- {
		if ip[i] == '.' {
			out, end = out+ip[i+1:end]+".", i
		}
	}
	return out + ip[:end]
}
