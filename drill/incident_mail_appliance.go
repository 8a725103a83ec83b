// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// mailAppliance2023 follows what NISC and the Meteorological Agency told in August 2023 (seed document 004): a flaw of a mail
// appliance that its maker did not know; traces of bad traffic found on 13 June 2023, the service stopped on the 14th and 15th,
// the device replaced; mails sent and received over the Internet from early October 2022 (printed "20224年") to mid-June 2023
// may have leaked. From the agency's case: the old device is hit while its replacement is under way, so it has to be watched
// until it is gone.
//
// Chosen here: the way in is a mail with an attachment, on 5 October. From then on the gateway looks up and calls hosts that it
// never called, a little every few hours, holds a connection for hours on some nights, and sends mails out in small amounts
// two nights a week. What it did on the box is in no log. The hosts change every few weeks, eight in all. The old box stays on
// the network until the Monday after. Small: 200 accounts. He works from Monday to Friday, 10:00 to 20:00; the program always.
func mailAppliance2023() incident {
	return incident{
		name: "mail-appliance-2023", first: "2022-09-04", weeks: 42, begins: "2022-10-05", hours: [2]string{"10:00", "20:00"},
		dull: []dull{
			{"2022-09-04", "2022-10-01", 2},
			{"2022-10-23", "2023-01-07", 2},
			{"2023-01-15", "2023-03-04", 2},
			{"2023-03-12", "2023-05-27", 2},
		},
		accounts: 200, least: leastAccounts, full: 200, has: []string{sysMailGateway, sysEdgeAdmin}, deaf: []string{groupSupply, groupLeave, groupErased}, verdict: "breach",
		write: func(p *plot) {
			a := &appliance{plot: p, homes: append(p.rent("", 6), p.rent("HK", 1)[0], p.rent("CA", 1)[0]), sender: p.rent("", 1)[0]}
			// the service stands still from the evening of 14 June to the evening after; then the other box takes the mail
			p.tap, p.swap = [2]int64{p.at(applianceHit), p.at(applianceOut)}, [2]int64{p.at(applianceOut), p.at(applianceBack)}
			p.g.found = &Found{Time: utc(p.at("2023-06-13 15:00")), How: "traces of bad traffic of the mail gateway are noticed", HowJa: "メール中継機器の不審な通信の痕跡に気付く",
				Addresses: []string{p.w.book.all[a.homes[len(a.homes)-1]].ip}, Accounts: []string{}}
			a.enters()
			a.calls()
			a.sends()
		},
	}
}

// appliance is its cast.
type appliance struct {
	*plot
	homes  []int32 // what the gateway calls, one after the other
	sender int32   // where the mail with the attachment came from
}

// When the program came, when the gateway was taken out and the other one put in, and when the old one left the network.
const (
	applianceHit     = "2022-10-05 11:48"
	applianceOut     = "2023-06-14 18:00"
	applianceBack    = "2023-06-15 19:30"
	applianceOffline = "2023-06-19 10:30"
)

func (p *appliance) enters() {
	act := p.act(phrase{"メール中継機器が開く添付ファイル付きのメール", "a mail with an attachment that the gateway opens"}, "T1190", 0, "its line looks like any other's")
	p.move(act, p.at(applianceHit), func(t int64, d *dice) {
		from, to := &p.w.book.all[p.sender], &p.w.people[d.n(len(p.w.people))]
		p.r.l.gateMail.host = "mgw1"
		p.r.l.gateMail.passed(t, post{sender: "invoice@shipping-desk.example", to: to.mail, fromHost: "mail.shipping-desk.example", fromIP: from.ip, relayHost: mailCloud,
			relayIP: cloudRelay(d), size: 61440, status: "sent", dsn: "2.6.0", answer: "250 2.6.0 Queued mail for delivery"}, d)
		p.r.mailFlow(t+3*second, from.ip, country(from.country), "", 61440, d)
		p.g.used(act, t, p.sender, onGateway|onEdge)
		p.g.reached(act, t, "mgw1", gatewayIP, true, onGateway|onEdge)
	})
	run := p.act(phrase{"メール中継機器の上のプログラム", "a program on the gateway"}, "T1059", 0, "in no log: the box tells of mails and of nothing else")
	p.move(run, p.at(applianceHit)+minute, func(t int64, d *dice) { p.g.used(run, t, -1, 0) })
}

// calls is the program asking for orders, day and night, from the first day until the old box is gone.
func (p *appliance) calls() {
	act := p.act(phrase{"メール中継機器が知らない先に通信する", "the gateway calls hosts that it never called"}, "T1071.001", 0, "a name looked up, a short connection; another host every few weeks", "appliance-outbound", "beacon")
	night := p.act(phrase{"何時間も続く接続", "connections held for hours"}, "T1095", 0, "on some nights", "appliance-outbound", "long-connection", "tunnel")
	after := p.act(phrase{"運用を終えた旧機器がなお通信する", "the old box, taken out of service, still calls"}, "T1071.001", 0, "until it is taken off the network on the Monday", "appliance-outbound", "beacon")
	names := []string{"gw-status-check.example", "mx-reputation-api.example", "", "smtp-feedback.example"}
	days, end := p.every("2022-10-05", "2023-06-19"), p.at(applianceOffline)
	for i, day := range days {
		k := i * len(p.homes) / len(days)
		c := homing{host: "mgw1", ip: gatewayIP, at: p.homes[k], name: names[k%len(names)], every: 5 * hour, jitter: 0.4, took: 3 * second, sent: 900, received: 1500, port: 443, zone: "dmz", nat: gatewayOutside}
		from := max(day.open, p.at(applianceHit)+40*minute)
		until := from + day24(day)
		if from < p.swap[0] {
			p.move(act, from, func(t int64, d *dice) { p.r.calls(act, t, min(until, p.swap[0]), c, false, d) })
		}
		if until > p.swap[0] {
			p.move(after, max(from, p.swap[0]), func(t int64, d *dice) { p.r.calls(after, t, min(until, end), c, false, d) })
		}
		if i%9 == 4 && day.shut < p.swap[0] {
			long := c
			long.took, long.sent, long.received, long.port = 3*hour, 700<<10, 300<<10, 8443
			p.move(night, day.shut, func(t int64, d *dice) { p.r.calls(night, t, t+minute, long, false, d) })
		}
	}
}

// sends is mails gathered and sent out: a few megabytes, two nights a week.
func (p *appliance) sends() {
	act := p.act(phrase{"メールを少しずつ外へ送る", "mails sent out in small amounts"}, "T1048.002", 0, "less in a night than the maker's own report", "appliance-outbound", "small-chunk-upload", "upload")
	days := p.days("2022-10-17", "2023-06-09")
	for i, day := range days {
		if i%5 != 1 && i%5 != 3 {
			continue
		}
		k := min(1+i*(len(p.homes)-1)/len(days), len(p.homes)-1)
		c := homing{host: "mgw1", ip: gatewayIP, at: p.homes[k], every: 25 * minute, jitter: 0.3, took: 20 * second, sent: 900 << 10, received: 9000, port: 443, zone: "dmz", nat: gatewayOutside}
		p.move(act, day.shut+40*minute, func(t int64, d *dice) { p.r.calls(act, t, t+int64(1+d.n(3))*25*minute, c, false, d) })
	}
}

// tapped counts a mail that passed the gateway while the program was on it.
func (r *run) tapped(t, size int64) {
	if r.plot != nil && t >= r.plot.tap[0] && t < r.plot.tap[1] {
		r.g.took("mail", -1, "possible", 1, size)
	}
}
