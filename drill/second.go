// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// second is somebody else who is in at the same time and has nothing to do with the incident: he knows passwords from
// elsewhere, tries a few at a few accounts, and reads what is written about invoices. He works at night by Japan's clock, on
// any day of the week, with a common browser, over lines that no list names.
func (p *plot) second() {
	before := p.d
	p.d = roll(p.w.seed, streamSecond)
	defer func() { p.d = before }()
	targets := p.pick(9, func(m *person) bool { return !m.mfa && m.department != itDepartment })
	at := p.w.book.several(&p.d, kindResidential, secondBlocks(), 4)
	p.his(at)
	stuff := p.other(p.act(phrase{"別の侵入者：よそから漏れたパスワードを試す", "somebody else: passwords known from elsewhere tried"}, "T1110.004", 0, "a few tries at a few accounts", "credential-stuffing", "success-after-guessing"))
	read := p.other(p.act(phrase{"別の侵入者：請求書のメールを読む", "somebody else: mail about invoices read"}, "T1114.002", 0, "", "unusual-login", "one-address-many-accounts"))
	days := p.w.cal.days
	from := days * 9 / 20
	for i, who := range targets {
		night := p.w.cal.at(from+i%3, 22*60+30) + p.d.span(0, 6*hour)
		for range 2 + p.d.n(3) {
			p.move(stuff, night, func(t int64, d *dice) {
				p.r.guess(moment{t: t, who: who, at: at[i%2], n: int16(stuff), with: chromeWindows}, d, false)
			})
			night += p.d.span(4*second, 50*second)
		}
		if i%3 != 0 {
			continue
		}
		p.enter(who, 0, "known from elsewhere", 0)
		p.move(stuff, night, func(t int64, d *dice) {
			p.r.guess(moment{t: t, who: who, at: at[i%2], n: int16(stuff), with: chromeWindows}, d, true)
		})
		for k := range 6 {
			d := from + 4 + (k*days/3+i*days/40)/6
			t := p.w.cal.at(min(d, days-2), 22*60+30) + p.d.span(0, 6*hour)
			p.move(read, max(t, night+hour), func(t int64, d *dice) {
				p.r.intrude(read, t, who, at[1+(i+k)%3], reading{with: chromeWindows, mails: 2 + k, search: "請求書"}, d)
			})
		}
	}
}

// secondOne marks in the truth what is the second intruder's.
const secondOne = 2

// other says that an act is of the second intruder.
func (p *plot) other(act int) int {
	p.g.acts[act].Intruder = secondOne
	return act
}

func secondBlocks() []block {
	return []block{{"177.54.150", "BR", "Sao Paulo", 28146}, {"187.45.102", "BR", "Curitiba", 28573}, {"191.96.227", "AR", "Rosario", 7303}}
}
