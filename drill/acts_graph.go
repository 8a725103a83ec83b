// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// fetchByGraph is a program that reads mail and shared files with a token of a member's login: the login page and the directory
// see nothing of it, the cloud sees a sign-in that nobody made by hand.
func (r *run) fetchByGraph(act int, t int64, who, at int32, mails, files int, d *dice) {
	p, from := &r.w.people[who], &r.w.book.all[at]
	r.cloudLogin(t, p, from, graphTool, appGraph, false, 0, d)
	for range mails {
		t += d.span(2*second, 20*second)
		r.l.audit.mailItems(t, p, from, graphTool, false, 5, d)
		r.g.took("mail", who, "leaked", 5, 0)
	}
	agent, list := r.agent(graphTool, 0), topics()
	for range files {
		t += d.span(second, 9*second)
		site := "joint-" + list[d.n(6)] + "-" + itoa(1+d.n(9))
		name := list[d.n(len(list))] + "-" + itoa(2019+d.n(5)) + "-" + itoa(1+d.n(40)) + ".xlsx"
		r.l.audit.teamFile(t, p, from, "FileDownloaded", site, name, agent, d)
		r.g.took("file", who, "leaked", 1, d.span(20<<10, 3<<20))
	}
	r.g.entered(act, t, who, at, onSignIns|onAudit)
}

// licenceReport is an administrator's script that asks Microsoft Graph every morning from the office, with the same program.
func (r *run) licenceReport(t int64, p *person, d *dice) {
	from := &r.w.book.all[p.egress]
	r.cloudLogin(t, p, from, graphTool, appGraph, false, 0, d)
	agent := r.agent(graphTool, 0)
	for i := range 3 {
		r.l.audit.teamFile(t+int64(20+4*i)*second, p, from, "FileAccessed", "it-licences", "report-"+itoa(1+i)+".csv", agent, d)
	}
}
