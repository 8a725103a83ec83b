// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// crashed is a program of the device that died; the device starts it again.
func (l *deviceLog) crashed(t int64, program string, signal int, firmware string, d *dice) {
	hex := func() string { return "[0x" + strconv.FormatUint(d.next()>>40|1<<23, 16) + "]" }
	b := quoted(l.begin(t, "0100032546", "system", "warning", "Application crashed"), "action", "crash")
	l.close(t, quoted(b, "msg", "Pid: "+itoa(200+d.n(30000))+", application: "+program+", Firmware: FortiGate-200F "+firmware+" (GA.M) (Release), Signal "+itoa(signal)+" received, Backtrace: "+hex()+" "+hex()+" "+hex()))
}

// restarts is the device going down and coming back. by is who asked for it; empty: nobody, it just came back.
func (l *deviceLog) restarts(t int64, by, ui, why string, down int64) {
	if by != "" {
		b := quoted(quoted(l.begin(t, "0100032138", "system", "critical", "Device rebooted"), "user", by), "ui", ui)
		l.close(t, quoted(quoted(b, "action", "reboot"), "msg", "User "+by+" rebooted the device from "+ui+". The reason is '"+why+"'"))
	}
	l.down, l.up = t, t+down-50*second
	t += down
	l.close(t, quoted(l.begin(t, "0100032009", "system", "information", "FortiGate started"), "msg", "Fortigate started"))
	for _, port := range [...]string{"wan1", "dmz", "lan", "mgmt"} {
		t += second / 5
		b := quoted(quoted(l.begin(t, "0100020099", "system", "warning", "Interface status changed"), "action", "interface-stat-change"), "status", "UP")
		l.close(t, quoted(b, "msg", "Interface "+port+" turned up"))
	}
}

// image is new firmware put on.
func (l *deviceLog) image(t int64, user, ui, from, to string) {
	b := quoted(quoted(l.begin(t, "0100032202", "system", "critical", "Image restored"), "user", user), "ui", ui)
	b = quoted(quoted(b, "action", "restore-image"), "status", "success")
	l.close(t, quoted(b, "msg", "User "+user+" restored the image from "+ui+" ("+from+" -> "+to+")"))
}

// member is what the second unit of the pair does: "dead", "joined" or "moved".
func (l *deviceLog) member(t int64, what string) {
	id, level, desc, msg := "0108037894", "critical", "Virtual cluster member joined", "Virtual cluster detected member join"
	switch what {
	case "dead":
		id, desc, msg = "0108037893", "Virtual cluster member dead", "Virtual cluster detected member dead"
	case "moved":
		id, level, desc, msg = "0108037892", "notice", "Virtual cluster member state moved", "Virtual cluster's member state moved"
	}
	b := quoted(l.begin(t, id, "ha", level, desc), "msg", msg)
	l.close(t, quoted(number(number(b, "vcluster", 1), "ha_group", 0), "sn", "FG200FT921900118"))
}

// updated is the vendor's lists and signatures fetched anew.
func (l *deviceLog) updated(t int64, from string) {
	b := quoted(l.begin(t, "0100041000", "system", "notice", "FortiGate update succeeded"), "status", "update")
	l.close(t, quoted(b, "msg", "Fortigate scheduled update fcni=yes fdni=yes fsci=yes from "+from+":443"))
}

// stats is how busy the device is, every five minutes: a gap in these is a gap in its records, and the uptime tells of restarts.
// While it starts there is none.
func (l *deviceLog) stats(t int64, busy int, d *dice) {
	if l.up != 0 && t >= l.down {
		if t < l.up+minute {
			return
		}
		l.since, l.up = l.up, 0
	}
	cpu, memory, sessions, rate := 1+busy/40+d.n(3), 38+busy/50+d.n(2), 300+busy*14+d.n(120), busy/3+d.n(4)
	b := quoted(l.begin(t, "0100040704", "system", "notice", "System performance statistics"), "action", "perf-stats")
	b = number(number(number(b, "cpu", int64(cpu)), "mem", int64(memory)), "totalsession", int64(sessions))
	b = quoted(number(b, "disk", 0), "bandwidth", itoa(busy*40+d.n(900))+"/"+itoa(busy*38+d.n(900)))
	b = number(number(number(b, "setuprate", int64(rate)), "disklograte", 0), "fazlograte", 0)
	b = number(number(b, "freediskstorage", 106000), "sysuptime", (t-l.since)/second)
	l.close(t, quoted(b, "msg", "Performance statistics: average CPU: "+itoa(cpu)+", memory:  "+itoa(memory)+", concurrent sessions:  "+itoa(sessions)+", setup-rate: "+itoa(rate)))
}
