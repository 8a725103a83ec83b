// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "bytes"

// tableCarrier reads tables, exported as CSV, whose rows bring what a format knows in another shape: the lines that Splunk ("_raw"),
// Kibana ("event.original", "message") and Graylog ("message") export, and rows that Okta's console, GAM, Synology's Log Center and QNAP's
// QuLog Center write of what they otherwise send as JSON or to syslog. What a row brings shows from the names of the columns, which
// stand in one of the first rows: further down, whoever writes a log could have written them.
var tableCarrier = carrier{name: "table", number: 4, unload: func(rec []byte, l *load) bool {
	l.reset()
	t := &l.table
	if t.make == nil {
		if l.early {
			t.learn(rec)
		}
		return false
	}
	if t.is(rec) {
		return false
	}
	if !t.row.splitAt(rec, t.sep) || len(t.row.cells) != t.cells || !t.make(t, l) {
		return false
	}
	l.looks = 5
	return true
}}

// headRows is how many records a table's names stand in at most: Log Center writes the name of the log first.
const headRows = 3

// table is what is known of the table that is being read.
type table struct {
	make  func(t *table, l *load) bool // puts what the row brings into l; nil: no such table
	cols  [tableColumns]int            // where each column stands, one more; 0: nowhere
	cells int
	sep   byte
	head  []byte
	names [][]byte // of the columns, where rows become objects that have them
	row   csvRow
	buf   []byte
}

// The columns that are used of any of the tables.
const (
	tabTime = iota
	tabText
	tabHost
	tabProgram
	tabPID
	tabUser
	tabFrom
	tabComputer
	tabService
	tabObject
	tabAction
	tabKind // of what is done, or of the thing
	tabOutcome
	tabReason
	tabID
	tabUserID
	tabUserName
	tabUserType
	tabAgent
	tabCountry
	tabCity
	tabMessage
	tabSession
	tabTransaction
	tabTarget
	tabDate
	tabSize
	tableColumns
)

// Table says whether a record holds the names of the columns of a table whose rows bring lines or records of something else: such a
// file is cut as CSV, whatever its rows bring.
func Table(rec []byte) bool {
	var t table
	return t.learn(bytes.TrimSuffix(rec, []byte("\r")))
}

// learn reads the names of the columns, if the record holds those of a table that is known.
func (t *table) learn(rec []byte) bool {
	if len(rec) > 16<<10 || len(rec) < len("_time,_raw") {
		return false
	}
	sep := byte(',')
	if bytes.IndexByte(rec, ',') < 0 {
		sep = '\t'
	}
	if bytes.IndexByte(rec, sep) < 0 || !t.row.splitAt(rec, sep) {
		return false
	}
	for _, known := range [...]func(*table) func(*table, *load) bool{(*table).lines, (*table).okta, (*table).gam, (*table).qulog, (*table).logCenter, (*table).transfers} {
		t.cols = [tableColumns]int{}
		if m := known(t); m != nil {
			t.make, t.cells, t.sep, t.head = m, len(t.row.cells), sep, bytes.Clone(rec)
			return true
		}
	}
	return false
}

// is says whether rec is the row of names.
func (t *table) is(rec []byte) bool { return t.make != nil && bytes.Equal(rec, t.head) }

// get returns the cell of a column.
func (t *table) get(col int) []byte {
	if i := t.cols[col]; i > 0 {
		return bytes.TrimSpace(t.row.cells[i-1])
	}
	return nil
}

// named is one name, in columnName's spelling, that a column goes by.
type tableName struct {
	name string
	col  int
}

// find fills in where the columns stand, by their names.
func (t *table) find(names []tableName) {
	var buf [96]byte
	for i, c := range t.row.cells {
		if len(c) > 64 {
			continue
		}
		name := columnName(buf[:0], c)
		for _, n := range names {
			if n.name == string(name) && t.cols[n.col] == 0 {
				t.cols[n.col] = i + 1
			}
		}
	}
}

func (t *table) have(cols ...int) bool {
	for _, c := range cols {
		if t.cols[c] == 0 {
			return false
		}
	}
	return true
}

// lines knows the tables in which searches export lines. Who has columns for who and where is left to the formats that read by the
// names of columns, unless a column is called so that it can only hold whole lines.
func (t *table) lines() func(*table, *load) bool {
	var sure [partInner]int
	cols := [partInner]int{partText: tabText, partTime: tabTime, partHost: tabHost, partProgram: tabProgram, partPID: tabPID}
	for i, c := range t.row.cells {
		part, n := carriedPart(bytes.TrimSpace(c))
		switch string(c) {
		case "source": // Graylog's name for the host; Splunk's for the file
			part, n = partHost, 1
		case "agent.hostname", "agent.name", "beat.hostname":
			part, n = partHost, 5
		case "log.syslog.appname":
			part, n = partProgram, 7
		case "name", "event", "result", "date", "line", "log", "body", "raw", "msg":
			continue // too many tables have such a column
		}
		if part == partNone || part == partInner || n <= sure[part] {
			continue
		}
		sure[part], t.cols[cols[part]] = n, i+1
	}
	if sure[partText] == 9 && sure[partHost] == 1 {
		t.cols[tabHost] = 0
	}
	if t.cols[tabText] == 0 || sure[partText] < 8 && (t.cols[tabTime] == 0 || usualColumns(t.row.cells, nil) != nil) {
		return nil
	}
	return func(t *table, l *load) bool {
		l.text = t.get(tabText)
		if len(l.text) == 0 {
			return false
		}
		l.host, l.program, l.pid = dashless(t.get(tabHost)), dashless(t.get(tabProgram)), dashless(t.get(tabPID))
		l.time, l.timed = tableTime(t.get(tabTime))
		return true
	}
}

// dashless returns b, or nothing where it only says that there is none.
func dashless(b []byte) []byte {
	if string(b) == "-" || string(b) == "---" {
		return nil
	}
	return b
}

// tableTime reads the time of a row.
func tableTime(b []byte) (Civil, bool) {
	if t, ok := carriedTime(cell(b)); ok {
		return t, true
	}
	t, n := parseAnyStamp(b)
	return t, n > 0
}

// qulog knows the connection logs that QuLog Center and QTS write as CSV. Their rows say what the lines say that they send to syslog.
func (t *table) qulog() func(*table, *load) bool {
	t.find([]tableName{{"date", tabDate}, {"日付", tabDate}, {"time", tabTime}, {"時刻", tabTime}, {"時間", tabTime}, {"user", tabUser}, {"users", tabUser}, {"username", tabUser}, {"ユーザー", tabUser}, {"ユーザ", tabUser}, {"ユーザー名", tabUser},
		{"sourceip", tabFrom}, {"ソースip", tabFrom}, {"送信元ip", tabFrom}, {"computername", tabComputer}, {"コンピュータ名", tabComputer}, {"コンピューター名", tabComputer}, {"connectiontype", tabService}, {"service", tabService}, {"接続タイプ", tabService}, {"接続の種類", tabService},
		{"accessedresource", tabObject}, {"accessedresources", tabObject}, {"アクセスされたリソース", tabObject}, {"アクセスリソース", tabObject}, {"action", tabAction}, {"アクション", tabAction}, {"操作", tabAction}})
	if !t.have(tabTime, tabUser, tabFrom, tabService, tabObject, tabAction) {
		return nil
	}
	return func(t *table, l *load) bool {
		at := t.get(tabTime)
		if t.cols[tabDate] > 0 {
			t.buf = append(append(append(t.buf[:0], t.get(tabDate)...), ' '), at...)
			at = t.buf
		}
		if l.time, l.timed = tableTime(at); !l.timed {
			return false
		}
		l.program = []byte("qulogd")
		b := appendBefore(append(t.buf[:0], "conn log: Users: "...), t.get(tabUser))
		b = appendBefore(append(b, ", Source IP: "...), t.get(tabFrom))
		b = appendBefore(append(b, ", Computer name: "...), t.get(tabComputer))
		b = appendBefore(append(b, ", Connection type: "...), t.get(tabService))
		b = appendLine(append(b, ", Accessed resources: "...), t.get(tabObject))
		b = append(append(b, ", Action: "...), qulogAction(t.get(tabAction))...)
		t.buf, l.text = b, b
		return true
	}
}

// qulogAction returns the word that the lines of syslog have for what a row says was done.
func qulogAction(b []byte) []byte {
	for _, w := range [...][2]string{{"failed to log in", "Login Fail"}, {"failed to login", "Login Fail"}, {"logged in", "Login OK"}, {"logged out", "Logout"}, {"ログイン失敗", "Login Fail"}, {"ログイン成功", "Login OK"}, {"ログイン", "Login OK"}, {"ログアウト", "Logout"},
		{"読み取り", "Read"}, {"読み込み", "Read"}, {"書き込み", "Write"}, {"削除", "Delete"}, {"名前変更", "Rename"}, {"名前の変更", "Rename"}, {"追加", "Add"}, {"開く", "Open"}, {"移動", "Move"}, {"コピー", "Copy"}} {
		if len(b) == len(w[0]) && bytes.EqualFold(b, []byte(w[0])) {
			return []byte(w[1])
		}
	}
	return b
}

// logCenter knows the logs of connections that Synology's Log Center exports; their events are in the words of syslog.
func (t *table) logCenter() func(*table, *load) bool {
	t.find([]tableName{{"level", tabKind}, {"レベル", tabKind}, {"log", tabService}, {"ログ", tabService}, {"time", tabTime}, {"時間", tabTime}, {"日時", tabTime}, {"user", tabUser}, {"ユーザー", tabUser}, {"event", tabText}, {"イベント", tabText}})
	if len(t.row.cells) > 6 || !t.have(tabKind, tabService, tabTime, tabUser, tabText) {
		return nil
	}
	return func(t *table, l *load) bool {
		l.text, l.program = t.get(tabText), []byte("Connection")
		l.time, l.timed = tableTime(t.get(tabTime))
		return l.timed && (isPrefix(l.text, "User [") || isPrefix(l.text, "Host ["))
	}
}

// transfers knows the logs of file transfers that Synology's Log Center exports.
func (t *table) transfers() func(*table, *load) bool {
	t.find([]tableName{{"log", tabService}, {"ログ", tabService}, {"time", tabTime}, {"時間", tabTime}, {"日時", tabTime}, {"ipaddress", tabFrom}, {"ipアドレス", tabFrom}, {"user", tabUser}, {"ユーザー", tabUser}, {"event", tabAction}, {"イベント", tabAction},
		{"filefolder", tabKind}, {"ファイルフォルダ", tabKind}, {"ファイルフォルダー", tabKind}, {"filesize", tabSize}, {"ファイルサイズ", tabSize}, {"filename", tabObject}, {"ファイル名", tabObject}})
	if !t.have(tabTime, tabFrom, tabUser, tabAction, tabKind, tabObject) {
		return nil
	}
	return func(t *table, l *load) bool {
		if l.time, l.timed = tableTime(t.get(tabTime)); !l.timed {
			return false
		}
		l.program = dashless(t.get(tabService))
		if len(l.program) == 0 {
			l.program = []byte("FileTransfer")
		}
		b := appendBefore(append(t.buf[:0], "Event: "...), t.get(tabAction))
		b = appendLine(append(b, ", Path: "...), t.get(tabObject))
		b = appendBefore(append(b, ", File/Folder: "...), t.get(tabKind))
		b = appendBefore(append(b, ", Size: "...), t.get(tabSize))
		b = appendBefore(append(b, ", User: "...), t.get(tabUser))
		b = appendBefore(append(b, ", IP: "...), t.get(tabFrom))
		t.buf, l.text = b, b
		return true
	}
}

// appendBefore writes a cell so that it cannot be taken for what stands behind it in a line: ", " ends it there.
func appendBefore(b, cell []byte) []byte {
	from := len(b)
	b = appendLine(b, cell)
	for i := from; i+1 < len(b); i++ {
		if b[i] == ',' && b[i+1] == ' ' {
			b[i+1] = '_'
		}
	}
	return b
}
