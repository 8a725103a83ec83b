// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

// Kinds of key under which APIs wrap their records: Microsoft Graph "value", CloudTrail and Azure diagnostics "Records" and
// "records", Google "items", Box "entries", others "events". A record of its own may hold an array by such a name too: a Google Workspace
// activity keeps its "events" in it, and cutting that apart would lose who did them.
const (
	notWrapper = iota
	strongWrapper
	weakWrapper // an array by that name in a record of its own is as usual
)

// wrapperKey returns what kind of wrapper key it is.
func wrapperKey(key []byte) uint8 {
	switch string(key) {
	case "value", "Records", "records", "items":
		return strongWrapper
	case "events", "Events", "entries":
		return weakWrapper
	}
	return notWrapper
}

// outerKey reports whether the object under a key of the first level may hold the array of records: that of the answers of Elasticsearch
// ("hits") and of Duo's second API ("response").
func outerKey(key []byte) bool {
	return string(key) == "hits" || string(key) == "response"
}

// innerKey reports whether the array under a key of the second level is that of the records.
func innerKey(key []byte) bool {
	return string(key) == "hits" || string(key) == "authlogs"
}

// ownKey reports whether only a record would have such a key: when it happened, or who did it.
func ownKey(key []byte) bool {
	switch string(key) {
	case "time", "Time", "timestamp", "Timestamp", "@timestamp", "eventTime", "EventTime", "createdDateTime", "activityDateTime",
		"CreationTime", "CreationDate", "TimeCreated", "TimeGenerated", "actor", "Actor", "userPrincipalName", "UserId":
		return true
	}
	return false
}

// unwrap decides whether b, an object or the valid beginning of one, only wraps an array of objects, and returns the
// position behind the array's bracket and how many objects are open around it. It looks at the members of the first level: a wrapper says
// neither when nor who, and holds nothing nested beside an array that is called weakly.
func unwrap(b []byte) (at, depth int, ok bool) {
	var kind uint8
	depth = 1
	nested := false
	i := 1 // behind {
	for {
		i = skipSpace(b, i)
		if i >= len(b) || b[i] != '"' {
			break
		}
		end := skipString(b, i)
		if end > len(b) {
			break
		}
		key := b[i+1 : end-1]
		if ownKey(key) {
			return 0, 0, false
		}
		i = skipSpace(b, end)
		if i >= len(b) || b[i] != ':' {
			break
		}
		if i = skipSpace(b, i+1); i >= len(b) {
			break
		}
		k := wrapperKey(key)
		switch {
		case b[i] == '[' && k != notWrapper && ofObjects(b, i) && (at == 0 || emptyArray(b, at-1)):
			at, kind = i+1, k
		case b[i] == '[' && k != notWrapper && ofObjects(b, i) && !emptyArray(b, i):
			return 0, 0, false // two arrays of objects: neither is the wrapped one
		case b[i] == '{' && at == 0 && outerKey(key):
			if at = inner(b, i); at > 0 {
				return at, 2, true
			}
			nested = true
		case b[i] == '[', b[i] == '{':
			nested = true
		}
		i = skipSpace(b, skipValue(b, i))
		if i >= len(b) || b[i] != ',' {
			break
		}
		i++
	}
	return at, depth, at > 0 && (kind == strongWrapper || !nested)
}

// inner returns the position behind the bracket of the array of records in the object that begins at i; 0 if it has none.
func inner(b []byte, i int) int {
	for i++; ; i++ {
		i = skipSpace(b, i)
		if i >= len(b) || b[i] != '"' {
			return 0
		}
		end := skipString(b, i)
		if end > len(b) {
			return 0
		}
		key := b[i+1 : end-1]
		if i = skipSpace(b, end); i >= len(b) || b[i] != ':' {
			return 0
		}
		if i = skipSpace(b, i+1); i >= len(b) {
			return 0
		}
		if b[i] == '[' && innerKey(key) && ofObjects(b, i) {
			return i + 1
		}
		if i = skipSpace(b, skipValue(b, i)); i >= len(b) || b[i] != ',' {
			return 0
		}
	}
}

func emptyArray(b []byte, i int) bool {
	i = skipSpace(b, i+1)
	return i < len(b) && b[i] == ']'
}

func ofObjects(b []byte, i int) bool {
	i = skipSpace(b, i+1)
	return i < len(b) && (b[i] == '{' || b[i] == ']')
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && jsonClass[b[i]] == clsSpace {
		i++
	}
	return i
}

// skipString returns the position behind the string that begins at i; beyond len(b) if it does not end.
func skipString(b []byte, i int) int {
	for i++; ; {
		if i = stringStop(b, i); i >= len(b) {
			return len(b) + 1
		}
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			i += 2
		default:
			i++
		}
	}
}

// skipValue returns the position behind the value that begins at i, or len(b). b has been found valid so far.
func skipValue(b []byte, i int) int {
	depth := 0
	for i < len(b) {
		switch jsonClass[b[i]] {
		case clsQuote:
			i = min(skipString(b, i), len(b))
			if depth == 0 {
				return i
			}
			continue
		case clsOpenArray, clsOpenObject:
			depth++
		case clsCloseArray, clsCloseObject:
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case clsComma:
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return len(b)
}
