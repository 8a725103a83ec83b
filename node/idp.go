// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"

	"github.com/sekisho/sekisho/event"
)

// Shibboleth's audit log has a line when somebody is sent to a service. Before 4.3 it has none for a login that succeeded or failed, and later
// only where that was switched on. Who reads it alone sees no guessing, and must be told so.
const (
	idpAudit   = "shibboleth-audit"
	idpProcess = "shibboleth-process"
)

// tellsLogins says whether an event is of the authentication audit of Shibboleth 4.3 and later.
func tellsLogins(e *event.Event) bool {
	v, ok := e.Get("log")
	return ok && v.Text == "authentication"
}

// silentIdP returns on how many days the identity provider's audit log was read, on how many of these it says nothing of logins, and on
// how many of those its process log, which would, has nothing either.
func (w *watched) silentIdP() (days, silent, lost int) {
	told := map[int32]bool{} // by the process log
	for k, s := range w.sources {
		if k.format == idpProcess {
			for day := range s.days {
				told[day] = true
			}
		}
	}
	for k, s := range w.sources {
		if k.format != idpAudit {
			continue
		}
		for day, d := range s.days {
			days++
			if d.logins {
				continue
			}
			silent++
			if !told[day] {
				lost++
			}
		}
	}
	return days, silent, lost
}

// idpNotice says what the identity provider's audit log could not tell; empty where it told, or another log did.
func (w *watched) idpNotice() event.Words {
	days, silent, lost := w.silentIdP()
	if lost == 0 {
		return event.Words{}
	}
	return event.Words{
		Ja: fmt.Sprintf("Shibboleth の idp-audit.log は %d 日分のうち %d 日で、ログインの成否を記録していない（4.3 より前は記録できず、以後も既定では無効）。うち %d 日は idp-process.log もなく、失敗したログインは分からない。"+
			"idp-process.log（既定で 180 日保存）を取得し、4.3 以降なら idp.authn.audit.enabled を有効にすること。", days, silent, lost),
		En: fmt.Sprintf("Shibboleth's idp-audit.log says nothing of logins that succeeded or failed on %d of its %d days (before 4.3 it cannot, and later this is off by default); on %d of them there is no idp-process.log either, so failed logins "+
			"cannot be seen. Fetch idp-process.log (kept 180 days by default) and, from 4.3 on, switch idp.authn.audit.enabled on.", silent, days, lost),
	}
}
