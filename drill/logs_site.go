// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// siteLogs are the two logs of a site's nginx.
type siteLogs struct {
	access webLog
	errors siteErrors
}

// siteErrors writes nginx's error log, level error. Connections are numbered by time, so that an attack does not move the
// numbers of ordinary life.
type siteErrors struct {
	sheet
	stamp stamp
	site  *sharedSite
	start int64
}

// basic is a login that nginx refused: a wrong password, or a name that is not in its file.
func (l *siteErrors) basic(t int64, user string, known bool, ip, request string) {
	b := l.stamp.local(l.open(), t, ' ')
	b[len(b)-15], b[len(b)-12] = '/', '/'
	b = append(b, " [error] 1043#1043: *"...)
	b = strconv.AppendInt(b, 18_000+(t-l.start)/(700*millisecond), 10)
	b = append(append(b, ` user "`...), user...)
	if known {
		b = append(b, `": password mismatch`...)
	} else {
		b = append(b, `" was not found in "/etc/nginx/members.htpasswd"`...)
	}
	b = append(append(b, `, client: `...), ip...)
	b = append(append(b, `, server: `...), l.site.name...)
	b = append(append(b, `, request: "`...), request...)
	b = append(append(b, ` HTTP/1.1", host: "`...), l.site.name...)
	l.close(t, append(b, '"'))
}
