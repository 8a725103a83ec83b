// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

// sysmon reads the events of Sysmon, 1 to 29 and 255. Client is the program that did it.
func (p *windowsParser) sysmon(ev *event.Event, id int64) {
	ev.Account, ev.Outcome = p.str(wdUser), event.OutcomeSuccess
	set := func(class event.Class, act event.Activity, object string) {
		ev.Class, ev.Activity, ev.Object, ev.Client = class, act, clip(p.say(object), 1024), p.say("Image|SourceImage")
	}
	switch id {
	case 1, 5:
		set(event.ClassProcess, event.ActStart, "CommandLine|Image")
		if ev.Client = ""; id == 5 {
			ev.Activity = event.ActStop
		}
	case 2:
		set(event.ClassFile, event.ActChange, "TargetFilename")
	case 3:
		set(event.ClassNetwork, event.ActConnect, "")
		p.ends(ev)
		ev.SrcHost, ev.DstHost = p.str(wdSourceHost), p.str(wdDestHost)
	case 4:
		set(event.ClassLogAdmin, event.ActStart, "=Sysmon")
		if p.value("State") == "Stopped" {
			ev.Activity = event.ActStop
		}
	case 6, 7: // a driver, a library
		set(event.ClassProcess, event.ActOther, "ImageLoaded")
	case 8:
		set(event.ClassProcess, event.ActWrite, "TargetImage")
		ev.Account = p.say("SourceUser|User")
	case 9:
		set(event.ClassFile, event.ActRead, "Device")
	case 10:
		set(event.ClassProcess, event.ActRead, "TargetImage")
		ev.Account = p.say("SourceUser|User")
	case 11, 15, 29:
		set(event.ClassFile, event.ActCreate, "TargetFilename")
	case 12:
		set(event.ClassEntityChange, event.ActCreate, "TargetObject")
		if kind := p.value("EventType"); kind == "DeleteKey" || kind == "DeleteValue" {
			ev.Activity = event.ActDelete
		}
	case 13:
		set(event.ClassEntityChange, event.ActChange, "TargetObject+Details")
	case 14:
		set(event.ClassEntityChange, event.ActRename, "TargetObject+NewName")
	case 16:
		set(event.ClassLogAdmin, event.ActChange, "Configuration|=Sysmon")
	case 17, 18:
		set(event.ClassFile, event.ActCreate, "PipeName")
		if id == 18 {
			ev.Activity = event.ActConnect
		}
	case 19, 20, 21:
		set(event.ClassEntityChange, event.ActCreate, "Name+Query|Name+Destination|Consumer+Filter")
		switch p.value("Operation") {
		case "Deleted":
			ev.Activity = event.ActDelete
		case "Modified":
			ev.Activity = event.ActChange
		}
	case 22:
		set(event.ClassDNS, event.ActQuery, "QueryName")
		ev.SrcHost, ev.DstHost = ev.DstHost, ""
	case 23, 26:
		set(event.ClassFile, event.ActDelete, "TargetFilename")
	case 24:
		set(event.ClassOther, event.ActCopy, "=clipboard")
	case 25:
		set(event.ClassProcess, event.ActChange, "Image+Type")
	case 27, 28:
		set(event.ClassFile, event.ActRefuse, "TargetFilename")
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonDenied
	case 255:
		set(event.ClassLogAdmin, event.ActOther, "ID+Description")
		ev.Outcome = event.OutcomeFailure
	default:
		ev.Outcome = event.OutcomeUnknown
	}
}
