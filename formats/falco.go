// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"github.com/sekisho/sekisho/event"
)

var falco = Format{
	Name:   "falco",
	Source: "host",
	About: About{
		What:   "Falco 0.3x and later: its alerts as JSON lines, from its file, its standard output, through syslog or as falcosidekick hands them on; of system calls, of Kubernetes' audit and of its other plugins.",
		Export: "json_output: true, json_include_output_property: true and file_output (or kubectl logs of the pods). To tell who and where, keep user.name, proc.cmdline, container.id, k8s.ns.name and k8s.pod.name in the rules' outputs.",
		Takes:  "Each alert with rule, priority, account, process and command line, file, the other end of a connection, container and pod.",
		Leaves: "All that no rule speaks of: Falco is a watch and no log.",
	},
	Framing: event.FrameJSON,
	Sniff: func(rec []byte) float64 {
		b := sniffJSON(rec)
		if b != nil && has(b, `"rule"`) && has(b, `"priority"`) && has(b, `"output_fields"`) {
			return 0.97
		}
		return 0
	},
	New: func(env *Env) Parser {
		return &falcoParser{env: env, f: newJSONPick(faFields, falcoSlot)}
	},
	Shapes: ShapeObject,
	Keys:   []string{"output_fields"},
}

const (
	faTime = iota
	faRule
	faPriority
	faOutput
	faHost
	faSource
	faUser
	faCommand
	faProcess
	faParent
	faFile
	faServerIP
	faServerPort
	faClientIP
	faRemoteIP
	faContainer
	faContainerName
	faImage
	faNamespace
	faPod
	faAuditUser
	faAuditVerb
	faAuditTarget
	faAuditFrom
	faNode
	faFields
)

func falcoSlot(path []byte) int {
	path, _ = cutPrefix(path, "output_fields.")
	switch string(path) {
	case "time":
		return faTime
	case "rule":
		return faRule
	case "priority":
		return faPriority
	case "output":
		return faOutput
	case "hostname":
		return faHost
	case "source":
		return faSource
	case "user.name":
		return faUser
	case "proc.cmdline":
		return faCommand
	case "proc.exepath", "proc.name":
		return faProcess
	case "proc.pname":
		return faParent
	case "fd.name":
		return faFile
	case "fd.sip":
		return faServerIP
	case "fd.sport":
		return faServerPort
	case "fd.cip":
		return faClientIP
	case "fd.rip":
		return faRemoteIP
	case "container.id":
		return faContainer
	case "container.name":
		return faContainerName
	case "container.image.repository":
		return faImage
	case "k8s.ns.name", "ka.target.namespace":
		return faNamespace
	case "k8s.pod.name":
		return faPod
	case "ka.user.name":
		return faAuditUser
	case "ka.verb":
		return faAuditVerb
	case "ka.target.name":
		return faAuditTarget
	case "ka.sourceips":
		return faAuditFrom
	case "evt.hostname", "node.name":
		return faNode
	}
	return -1
}

type falcoParser struct {
	env *Env
	f   *jsonPick
}

func (p *falcoParser) Flush(*event.Batch) {}

// Parse reads one alert.
func (p *falcoParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	f := p.f
	if b == nil || !f.read(b) || f.v[faRule].kind != '"' || f.v[faPriority].kind == 0 {
		return ErrOtherFormat
	}
	t, n := parseISOStamp(f.bytes(faTime))
	if n == 0 {
		return ErrNoTime
	}
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity = p.env.Clock.Moment(t), event.ClassDetection, event.ActOther
	ev.Service, ev.Ref = "falco", p.env.Ref(rec)
	text := func(slots ...int) string {
		for _, i := range slots {
			if s := f.text(p.env, i); s != "" && s != "<NA>" {
				return s
			}
		}
		return ""
	}
	ev.DstHost = text(faHost, faNode)
	if ev.DstHost == "" {
		ev.DstHost = p.env.Host
		if s, ok := p.env.splitSyslog(rec); ok {
			ev.DstHost = p.env.hostOf(s)
		}
	}
	ev.Account = text(faUser, faAuditUser)
	ev.Object = clip(text(faCommand, faFile, faAuditTarget), 2000)
	ev.Client = text(faProcess)
	for _, i := range [...]int{faClientIP, faAuditFrom, faRemoteIP} {
		if a, ok := p.env.addr(f.bytes(i)); ok && !ev.SrcIP.IsValid() {
			ev.SrcIP = a
		}
	}
	if a, ok := p.env.addr(f.bytes(faServerIP)); ok {
		ev.DstIP = a
	}
	if port, ok := f.v[faServerPort].int(); ok && port > 0 && port < 65536 {
		ev.DstPort = uint16(port)
	}
	container := text(faContainer)
	if container == "host" {
		container = ""
	}
	ev.Rest = out.Rest(event.Text("rule", text(faRule)), event.Text("priority", text(faPriority)), event.Text("source", text(faSource)), event.Text("file", clip(text(faFile), 400)),
		event.Text("parent", text(faParent)), event.Text("container", container), event.Text("container_name", text(faContainerName)), event.Text("image", text(faImage)),
		event.Text("namespace", text(faNamespace)), event.Text("pod", text(faPod)), event.Text("verb", text(faAuditVerb)), event.Text("detail", clip(text(faOutput), 400)))
	return nil
}
