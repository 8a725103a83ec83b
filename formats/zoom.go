// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

var zoomOperation = Format{
	Name:   "zoom-operation",
	Also:   []string{"zoom"},
	Source: "cloud-audit",
	About: About{
		What:   "Operation logs of Zoom (/report/operationlogs) as JSON.",
		Export: "The report API with the scope report:read:admin, month by month: six months are kept. The page's CSV is not read.",
		Takes:  "What administrators changed: settings, users, roles, sign-in methods, second factors, with the whole sentence that Zoom writes.",
		Leaves: "Where from: the record has no address. Sign-ins are another report (activities), which has one line a sign-in without its end, and is not read.",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject,
	Keys:    []string{"operation_detail"},
	Sniff:   sniffZoom,
	New:     func(env *Env) Parser { return newCloudApp(env, &zoomApp, sniffZoom) },
}

func sniffZoom(rec []byte) float64 {
	if hasAll(rec, `"operation_detail"`, `"operator"`) {
		return 0.96
	}
	return 0
}

var zoomApp = cloudApp{
	service: "zoom",
	paths:   [capFields]string{capTime: "time", capAction: "action", capAccount: "operator", capObject: "operation_detail", capKind: "category_type"},
	actions: []actionRow{{"add", event.ClassEntityChange, event.ActCreate}, {"delete", event.ClassEntityChange, event.ActDelete}, {"update", event.ClassEntityChange, event.ActChange}, {"batch *", event.ClassEntityChange, event.ActChange}, {"*", event.ClassEntityChange, event.ActChange}},
}
