// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

// when returns the event's moment. NXLog writes it in local time without a zone, but beside it the moment of reception both
// in local time and, by its collector, in UTC: their difference is the zone.
func (p *windowsParser) when() (event.Micros, bool) {
	if p.hasMoment {
		return p.env.Clock.Absolute(p.moment), true
	}
	if v := p.head[whTime]; v.kind == '"' {
		b := v.text(&p.buf)
		t, n := parseISOStamp(b)
		if n == 0 {
			if local, n := parseSlashDate(b); p.rows && n == len(b) && n > 0 {
				return p.env.Clock.Moment(local), true
			}
			return p.env.timeUTC(b)
		}
		if !t.HasZone && n+5 < len(b) && b[n] == ' ' {
			n += 1 + parseZone(b[n+1:], &t)
		}
		if !t.HasZone && p.utc {
			t.HasZone, t.East = true, 0
		}
		return p.env.Clock.Moment(t), true
	} else if v.kind == '0' {
		return epoch(p.env, v.raw)
	}
	if v := p.head[whTimeLocal]; v.kind == '"' {
		t, n := parseISOStamp(v.text(&p.buf))
		if n == 0 {
			return p.env.timeUTC(v.text(&p.buf))
		}
		if !t.HasZone {
			p.zone(&t)
		}
		return p.env.Clock.Moment(t), true
	}
	if p.written != 0 && p.head[whStamp].empty() {
		return p.env.Clock.Absolute(p.written), true
	}
	return p.env.timeUTC(p.head[whStamp].text(&p.buf))
}

// zone sets the zone of t from the two moments of reception, if they differ by whole quarters of an hour.
func (p *windowsParser) zone(t *Civil) {
	local, n := parseISOStamp(p.head[whReceived].text(&p.buf))
	if n == 0 || local.HasZone {
		return
	}
	utc, n := parseISOStamp(p.head[whStamp].text(&p.buf))
	if n == 0 || !utc.HasZone || utc.East != 0 {
		return
	}
	const quarter = 900
	d := seconds(&local) - seconds(&utc)
	east := d + quarter/2
	east -= ((east % quarter) + quarter) % quarter
	if off := d - east; off >= -90 && off <= 90 && east >= -14*3600 && east <= 14*3600 {
		t.HasZone, t.East = true, int(east)
	}
}

func seconds(t *Civil) int64 {
	return civilDays(t.Year, t.Month, t.Day)*86400 + int64(t.Hour)*3600 + int64(t.Minute)*60 + int64(t.Second)
}

// epoch reads seconds since 1970 with a fraction, or whole milliseconds.
func epoch(env *Env, b []byte) (event.Micros, bool) {
	whole, n := int64(0), 0
	for n < len(b) && isDigit(b[n]) && n < 16 {
		whole = whole*10 + int64(b[n]-'0')
		n++
	}
	micro := int64(0)
	if n < len(b) && b[n] == '.' {
		n++
		for scale := int64(100000); n < len(b) && isDigit(b[n]); n++ {
			micro += int64(b[n]-'0') * scale
			scale /= 10
		}
	}
	if n == 0 || n < len(b) {
		return 0, false
	}
	switch {
	case whole < 1<<33:
		return env.Clock.Absolute(event.Micros(whole*1e6 + micro)), true
	case whole < 1<<43:
		return env.Clock.Absolute(event.Micros(whole * 1000)), true
	}
	return 0, false
}
