// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// webLog writes the combined format of Apache and nginx.
type webLog struct {
	sheet
	stamp stamp
}

// hit is one request. The referrer is "-" for none.
func (l *webLog) hit(t int64, ip, request string, status, size int, referrer string, agent string) {
	l.hitBy(t, ip, "-", request, status, size, referrer, agent)
}

// hitBy is one request of a user who logged in with HTTP's own authentication; "-" for nobody.
func (l *webLog) hitBy(t int64, ip, user, request string, status, size int, referrer string, agent string) {
	b := append(l.open(), ip...)
	b = append(append(append(b, " - "...), user...), " ["...)
	b = append(l.stamp.web(b, t), `] "`...)
	b = append(b, request...)
	b = append(b, ` HTTP/1.1" `...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(size), 10)
	b = append(append(append(b, ` "`...), referrer...), `" "`...)
	l.close(t, append(append(b, agent...), '"'))
}
