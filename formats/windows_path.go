// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"strings"
)

// An event as XML, or as the binary XML of a log file, is a tree of which only places matter: what stands where. A windowsPath
// follows the elements and says of each text what it is. Text walks it for every event, binary XML once for each template.

// What a text within an event can be.
const (
	placeNone  = iota
	placeHead  // a field of the head: slot
	placeValue // a named value: name, and slot where it has one
	placeBare  // a value without a name
	placeName  // the name of a value without one
	placeFlat  // a member beside the head
)

// windowsPlace is what a text is.
type windowsPlace struct {
	kind uint8
	slot int16
	name string
}

// Where an element stands.
const (
	withinNothing = iota // outside of the event
	withinEvent
	withinSystem // the head
	withinHead   // a field of the head
	withinValues // EventData, UserData, and whatever stands within them
	withinRendering
	withinOther
)

// windowsTree bounds how deep elements may stand in one another.
const windowsTree = 32

type windowsPath struct {
	depth int // elements that are open; of those beyond windowsTree nothing is known
	open  [windowsTree]struct {
		within uint8 // what stands in this element is within that
		place  windowsPlace
	}
}

// begin stands within what is said, before any element.
func (w *windowsPath) begin(within uint8) {
	w.depth = 1
	w.open[0].within, w.open[0].place = within, windowsPlace{}
}

// within returns where the next element would stand.
func (w *windowsPath) within() uint8 {
	if w.depth > windowsTree || w.depth < 1 {
		return withinOther
	}
	return w.open[w.depth-1].within
}

// enter goes into an element of that name.
func (w *windowsPath) enter(name string) {
	parent := w.within()
	if w.depth++; w.depth > windowsTree {
		return
	}
	o := &w.open[w.depth-1]
	o.within, o.place = withinOther, windowsPlace{}
	switch parent {
	case withinNothing:
		if name == "Event" {
			o.within = withinEvent
		}
	case withinEvent:
		switch name {
		case "System":
			o.within = withinSystem
		case "EventData", "UserData", "DebugData", "ProcessingErrorData":
			o.within = withinValues
		case "RenderingInfo":
			o.within = withinRendering
		default:
			o.place = flatPlace(name)
		}
	case withinSystem:
		o.within = withinHead
		switch name {
		case "Provider", "TimeCreated", "Security", "Correlation", "Execution": // theirs are attributes
		default:
			if slot := windowsHead(columnName(nil, []byte(name))); slot != whNone && slot != whIgnore {
				o.place = windowsPlace{kind: placeHead, slot: int16(slot)}
			}
		}
	case withinRendering:
		if name == "Message" {
			o.place = windowsPlace{kind: placeHead, slot: whMessage}
		}
	case withinValues:
		o.within = withinValues
		if name == "Data" {
			o.place = windowsPlace{kind: placeBare}
		} else {
			o.place = valuePlace(name)
		}
	}
}

func valuePlace(name string) windowsPlace {
	return windowsPlace{kind: placeValue, slot: int16(windowsValue([]byte(strings.ToLower(name)))), name: name}
}

// flatPlace is for events that hold all in one row of elements, as some forwarders write them.
func flatPlace(name string) windowsPlace {
	switch slot := windowsHead(columnName(nil, []byte(name))); slot {
	case whIgnore:
		return windowsPlace{}
	case whNone:
		return windowsPlace{kind: placeFlat, name: name}
	default:
		return windowsPlace{kind: placeHead, slot: int16(slot)}
	}
}

// attribute returns what an attribute of the element entered last is. element is that element's name.
func (w *windowsPath) attribute(element, name string) windowsPlace {
	if w.depth < 2 || w.depth > windowsTree {
		return windowsPlace{}
	}
	switch parent := w.open[w.depth-2].within; {
	case parent == withinValues && element == "Data" && name == "Name":
		return windowsPlace{kind: placeName}
	case parent != withinSystem:
	case element == "Provider" && name == "Name":
		return windowsPlace{kind: placeHead, slot: whProvider}
	case element == "TimeCreated" && name == "SystemTime":
		return windowsPlace{kind: placeHead, slot: whTime}
	case element == "Security" && name == "UserID":
		return windowsPlace{kind: placeHead, slot: whUserSID}
	}
	return windowsPlace{}
}

// rename gives the element entered last, which is a value without a name, its name.
func (w *windowsPath) rename(name string) {
	if w.depth <= windowsTree && name != "" {
		w.open[w.depth-1].place = valuePlace(name)
	}
}

// place returns what the text of the element entered last is.
func (w *windowsPath) place() windowsPlace {
	if w.depth < 1 || w.depth > windowsTree {
		return windowsPlace{}
	}
	return w.open[w.depth-1].place
}

// leave goes out of the element.
func (w *windowsPath) leave() {
	if w.depth > 1 {
		w.depth--
	}
}

// set takes a value at its place.
func (p *windowsParser) set(at windowsPlace, v jsonValue) {
	switch at.kind {
	case placeHead:
		if !v.empty() {
			p.head[at.slot] = v
		}
	case placeValue:
		if p.n == len(p.data) {
			return
		}
		v = p.oneSpelling(v)
		p.data[p.n] = windowsDatum{at.name, v}
		p.n++
		if at.slot != wdNone && !dash(v) {
			p.slots[at.slot] = v
		}
	case placeBare:
		p.place(v)
	case placeFlat:
		if p.flatN < len(p.flat) && !v.empty() {
			p.flat[p.flatN] = windowsDatum{at.name, v}
			p.flatN++
		}
	}
}

// isGUID says whether a value is an identifier of 128 bits, with or without braces.
func isGUID(v jsonValue) bool {
	b := v.raw
	if v.kind != '"' || len(b) != 36 && len(b) != 38 {
		return false
	}
	if len(b) == 38 {
		if b[0] != '{' || b[37] != '}' {
			return false
		}
		b = b[1:37]
	}
	for i, c := range b {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// oneSpelling returns what tools write differently of one event in one way: an identifier of 128 bits as {0A…}, which some
// write without the braces or in small letters, and a text without blanks around it, which some drop.
func (p *windowsParser) oneSpelling(v jsonValue) jsonValue {
	if !p.asIs && v.kind == '"' && len(v.raw) > 0 && (v.raw[0] <= ' ' || v.raw[len(v.raw)-1] <= ' ') {
		v.raw = bytes.TrimSpace(v.raw)
	}
	if !isGUID(v) {
		return v
	}
	b := v.raw
	if len(b) == 38 {
		b = b[1:37]
	}
	from := len(p.guids)
	p.guids = append(p.guids, '{')
	for _, c := range b {
		if c >= 'a' {
			c &^= 0x20
		}
		p.guids = append(p.guids, c)
	}
	p.guids = append(p.guids, '}')
	return jsonValue{raw: p.guids[from:len(p.guids):len(p.guids)], kind: '"'}
}
