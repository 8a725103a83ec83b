// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// observed reads what vobd and hostd say as "[esx.audit.ssh.enabled] SSH access has been enabled.".
func (p *vmwareParser) observed(m []byte) error {
	i := index(m, "[esx.")
	if i < 0 {
		i = index(m, "[vob.user.account")
	}
	if i < 0 {
		return ErrBroken
	}
	end := bytes.IndexByte(m[i:], ']')
	if end < 0 {
		return ErrBroken
	}
	kind, text := m[i+1:i+end], bytes.TrimLeft(m[i+end+1:], " ")
	class, act, outcome := event.ClassEntityChange, event.ActOther, event.OutcomeSuccess
	switch {
	case has(kind, "ssh.session.opened"), has(kind, "shell.session.opened"):
		class, act = event.ClassRemoteSession, event.ActStart
	case has(kind, "ssh.session.closed"), has(kind, "shell.session.closed"):
		class, act = event.ClassRemoteSession, event.ActStop
	case has(kind, "ssh.session.failed"):
		class, act, outcome = event.ClassAuthentication, event.ActLogon, event.OutcomeFailure
	case has(kind, "account.locked"):
		class, act = event.ClassAccountChange, event.ActLock
	case has(kind, "account.unlocked"):
		class, act = event.ClassAccountChange, event.ActUnlock
	case has(kind, "account.loginfailures"):
		class, act, outcome = event.ClassDetection, event.ActOther, event.OutcomeUnknown
	case has(kind, ".enabled"):
		act = event.ActEnable
	case has(kind, ".disabled"):
		act = event.ActDisable
	default:
		return nil // disks, paths, links
	}
	ev := p.add(class, act, outcome, event.ReasonNone)
	if outcome == event.OutcomeFailure {
		ev.Reason = event.ReasonBadCredentials
	}
	who := []byte(nil)
	if a := bytes.IndexByte(text, '\''); a >= 0 {
		if z := bytes.LastIndexByte(text, '\''); z > a {
			who = text[a+1 : z]
		}
	}
	switch {
	case class == event.ClassAccountChange:
		ev.Target = p.env.Intern.Bytes(who)
	case len(who) > 0:
		p.person(ev, who)
	default:
		ev.Object = p.env.Intern.Bytes(kind)
	}
	ev.Rest = p.out.Rest(event.Text("event", p.env.Intern.Bytes(kind)), event.Text("detail", clip(p.env.Intern.Bytes(text), 240)))
	return nil
}

// vcenter reads "Event [123] [1-1] [2025-06-02T00:00:00.1Z] [vim.event.UserLoginSessionEvent] [info] [VSPHERE.LOCAL\kanri] [DC1] [123] [text]".
func (p *vmwareParser) vcenter(m []byte) error {
	i := index(m, "[vim.event.")
	rest := m[i+len("[vim.event."):]
	kind, rest, ok := bytes.Cut(rest, []byte("]"))
	if !ok {
		return ErrBroken
	}
	var f [4][]byte // level, user, place, chain
	for k := range f {
		open := bytes.IndexByte(rest, '[')
		shut := bytes.IndexByte(rest, ']')
		if open < 0 || shut < open {
			return ErrBroken
		}
		f[k], rest = rest[open+1:shut], rest[shut+1:]
	}
	text := bytes.TrimLeft(rest, " ")
	if n := len(text); n > 1 && text[0] == '[' && text[n-1] == ']' {
		text = text[1 : n-1]
	}
	n := len(p.out.Events)
	switch string(kind) {
	case "UserLoginSessionEvent", "UserLogoutSessionEvent", "BadUsernameSessionEvent", "AlreadyAuthenticatedSessionEvent", "NoAccessUserEvent":
		if string(kind) == "BadUsernameSessionEvent" { // the name is anybody's, and may hold brackets and sentences
			i := lastIndex(m, "[Cannot login ")
			if i < 0 {
				return ErrBroken
			}
			text = bytes.TrimSuffix(m[i+1:], []byte("]"))
		}
		p.sentence(text, false)
	default:
		class, act := vmwareEvent(string(kind))
		if class == event.ClassOther {
			return nil // alarms, disks, tasks that other events tell of
		}
		ev := p.add(class, act, event.OutcomeSuccess, event.ReasonNone)
		ev.Account = p.env.Intern.Bytes(f[1])
		ev.Object = clip(p.env.Intern.Bytes(text), 300)
	}
	for k := n; k < len(p.out.Events); k++ {
		p.out.Events[k].Rest = p.out.Rest(event.Text("event", p.env.Intern.Bytes(kind)), event.Text("datacenter", p.env.Intern.Bytes(f[2])), event.Text("chain", p.env.Intern.Bytes(f[3])))
	}
	return nil
}

// vmwareEvent says what an event of vCenter changed.
func vmwareEvent(kind string) (event.Class, event.Activity) {
	const thing = event.ClassEntityChange
	switch kind {
	case "VmCreatedEvent", "VmDeployedEvent", "VmRegisteredEvent", "DatastoreFileCopiedEvent":
		return thing, event.ActCreate
	case "VmClonedEvent", "VmCloneEvent":
		return thing, event.ActCopy
	case "VmRemovedEvent", "DatastoreFileDeletedEvent", "DatastoreDestroyedEvent":
		return thing, event.ActDelete
	case "VmReconfiguredEvent", "VmRenamedEvent", "HostConfigAppliedEvent", "DatastoreFileMovedEvent":
		return thing, event.ActChange
	case "VmPoweredOnEvent", "VmStartingEvent":
		return thing, event.ActStart
	case "VmPoweredOffEvent", "VmGuestShutdownEvent", "VmSuspendedEvent", "HostShutdownEvent":
		return thing, event.ActStop
	case "PermissionAddedEvent", "RoleAddedEvent":
		return thing, event.ActAssign
	case "PermissionRemovedEvent", "RoleRemovedEvent":
		return thing, event.ActRelease
	case "PermissionUpdatedEvent", "RoleUpdatedEvent":
		return thing, event.ActChange
	case "AccountCreatedEvent":
		return event.ClassAccountChange, event.ActCreate
	case "AccountRemovedEvent":
		return event.ClassAccountChange, event.ActDelete
	case "AccountUpdatedEvent", "UserPasswordChanged":
		return event.ClassAccountChange, event.ActReset
	}
	return event.ClassOther, event.ActOther
}

// signOn reads a line of the single sign-on's audit_events.log: a time and an object.
func (p *vmwareParser) signOn(m []byte) error {
	i := bytes.IndexByte(m, '{')
	if i < 0 {
		return ErrBroken
	}
	var kind, who, text jsonValue
	s := jsonScan{b: m[i:]}
	for ok := s.enter('{'); ok && s.member(); {
		switch string(s.key) {
		case "type":
			kind = s.value()
		case "client":
			who = s.value()
		case "description":
			text = s.value()
		default:
			s.skip()
		}
	}
	if !s.end() {
		return ErrBroken
	}
	outcome, reason := event.OutcomeSuccess, event.ReasonNone
	switch {
	case kind.is("com.vmware.sso.LoginSuccess"):
	case kind.is("com.vmware.sso.LoginFailure"):
		outcome, reason = event.OutcomeFailure, event.ReasonBadCredentials
	default:
		return nil
	}
	ev := p.add(event.ClassAuthentication, event.ActLogon, outcome, reason)
	var buf []byte
	d := text.text(&buf)
	if r, ok := cutPrefix(d, "User "); ok {
		for _, w := range [...]string{" logged in", " failed to log in"} {
			if i := lastIndex(r, w); i >= 0 {
				p.person(ev, r[:i])
			}
		}
	}
	if a, ok := p.env.addr(who.raw); ok && who.kind == '"' {
		ev.SrcIP = a
	}
	ev.Service = "vcenter-sso"
	ev.Rest = p.out.Rest(event.Text("event", p.env.Intern.Bytes(kind.raw)), event.Text("detail", clip(p.env.Intern.Bytes(d), 240)))
	return nil
}
