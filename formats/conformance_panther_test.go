// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"encoding/json"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
	"go.yaml.in/yaml/v3"
)

// pantherService says of one log type of Panther which formats read it and where its records say who, from where and when.
type pantherService struct {
	formats                []string
	account, address, when []string
	outcome                func(log map[string]any) claim
}

func pantherServices() map[string]pantherService {
	signin := pantherService{formats: []string{"entra-signin"}, account: []string{"properties.userPrincipalName", "properties.servicePrincipalName", "properties.servicePrincipalId"},
		address: []string{"properties.ipAddress", "callerIpAddress"}, when: []string{"properties.createdDateTime", "time"},
		outcome: func(log map[string]any) claim {
			if n, ok := pantherGet(log, "properties.status.errorCode").(int); ok && n == 0 {
				return claimLogin
			} else if ok {
				return claimNothing // an interrupt or a failure: the code tells, and TestEntraEnds holds that
			}
			return claimEvent
		}}
	return map[string]pantherService{
		"Azure.Audit/SignInLogs": signin,
		"Azure.Audit": {formats: []string{"entra-audit"}, account: []string{"properties.initiatedBy.user.userPrincipalName", "properties.initiatedBy.app.displayName"},
			address: []string{"properties.initiatedBy.user.ipAddress", "callerIpAddress"}, when: []string{"properties.activityDateTime", "time"}},
		"AWS.CloudTrail": {formats: []string{"aws-cloudtrail"}, account: []string{"userIdentity.userName"}, address: []string{"sourceIPAddress"}, when: []string{"eventTime"},
			outcome: func(log map[string]any) claim {
				switch code, _ := pantherGet(log, "errorCode").(string); {
				case code != "":
					return claimFailure
				case pantherGet(log, "eventName") == "ConsoleLogin" && pantherGet(log, "responseElements.ConsoleLogin") == "Failure":
					return claimFailedLogin
				case pantherGet(log, "eventName") == "ConsoleLogin" && pantherGet(log, "responseElements.ConsoleLogin") == "Success":
					return claimLogin
				}
				return claimEvent
			}},
		"Okta.SystemLog": {formats: []string{"okta"}, account: []string{"actor.alternateId"}, address: []string{"client.ipAddress"}, when: []string{"published"},
			outcome: func(log map[string]any) claim {
				kind, _ := pantherGet(log, "eventType").(string)
				switch {
				case pantherGet(log, "outcome.result") == "FAILURE" && strings.HasPrefix(kind, "user.session.start"):
					return claimFailedLogin
				case pantherGet(log, "outcome.result") == "SUCCESS" && kind == "user.session.start":
					return claimLogin
				case pantherGet(log, "outcome.result") == "FAILURE", pantherGet(log, "outcome.result") == "DENY":
					return claimFailure
				}
				return claimEvent
			}},
		"Duo.Authentication": {formats: []string{"duo"}, account: []string{"user.name"}, address: []string{"access_device.ip"}, when: []string{"timestamp"},
			outcome: func(log map[string]any) claim {
				if pantherGet(log, "result") == "success" {
					return claimLogin
				}
				return claimFailedLogin
			}},
		"Duo.Administrator":           {formats: []string{"duo"}, account: []string{"username"}, when: []string{"timestamp"}},
		"Box.Event":                   {formats: []string{"box"}, account: []string{"created_by.login"}, address: []string{"ip_address"}, when: []string{"created_at"}},
		"GSuite.ActivityEvent":        {formats: []string{"google-workspace"}, account: []string{"actor.email"}, address: []string{"ipAddress"}, when: []string{"id.time"}},
		"Microsoft365.Audit.Exchange": {formats: []string{"m365-audit"}, account: []string{"UserId"}, when: []string{"CreationTime"}},
		"Azure.MonitorActivity":       {formats: []string{"azure-activity"}, address: []string{"callerIpAddress"}, when: []string{"time"}},
		"GitHub.Audit":                {formats: []string{"github-audit"}, account: []string{"actor"}, when: []string{"created_at", "@timestamp"}},
		"Auth0.Events":                {formats: []string{"auth0"}, address: []string{"data.ip"}, when: []string{"data.date"}},
		"Zoom.Operation":              {formats: []string{"zoom-operation"}, account: []string{"operator"}, when: []string{"time"}},
		"Windows.EventLogs":           {formats: []string{"windows"}},
		"OneLogin.Events":             {formats: []string{"onelogin"}, account: []string{"actor_user_name", "user_name"}, address: []string{"ipaddr"}, when: []string{"event_timestamp", "created_at"}},
	}
}

// pantherGet returns the value at a path, whatever the case of its names.
func pantherGet(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = nil
		for k, x := range m {
			if strings.EqualFold(k, name) {
				v = x
			}
		}
	}
	return v
}

func pantherText(log map[string]any, paths []string) string {
	for _, path := range paths {
		switch v := pantherGet(log, path).(type) {
		case string:
			if v != "" {
				return v
			}
		case int:
			return time.UnixMilli(int64(v)).UTC().Format(time.RFC3339Nano)
		}
	}
	return ""
}

// suitePanther reads the records that Panther's rules are tested with. Its records name themselves where who, where and when are;
// records without a time are asked for nothing but to be refused for that.
func suitePanther(t *testing.T) *suite {
	s := &suite{mark: 0.98, aside: map[string]string{},
		about: "Records that the detections of [panther-analysis](https://github.com/panther-labs/panther-analysis) are tested with, of many cloud services; " +
			"what is asked is that account, address, time and end in the events are those that the record's own fields say. Records whose writer left out the time are not asked for: they are refused for it. Each is read alone."}
	services := pantherServices()
	dir := peerFolder(t, "panther-analysis")
	walkFiles(t, dir, ".yml", func(path string, data []byte) {
		var rule struct {
			LogTypes []string `yaml:"LogTypes"`
			Tests    []struct {
				Log map[string]any `yaml:"Log"`
			} `yaml:"Tests"`
		}
		if yaml.Unmarshal(data, &rule) != nil || len(rule.LogTypes) != 1 {
			return
		}
		rel, _ := filepath.Rel(dir, path)
		files := map[string]*suiteFile{}
		for i, test := range rule.Tests {
			rec, err := json.Marshal(test.Log)
			if err != nil {
				continue
			}
			kind := rule.LogTypes[0]
			if c, _ := pantherGet(test.Log, "category").(string); kind == "Azure.Audit" && strings.HasSuffix(c, "SignInLogs") {
				kind += "/SignInLogs"
			}
			of := services[kind]
			f := files[kind]
			if f == nil {
				f = &suiteFile{path: filepath.ToSlash(rel), service: kind, formats: of.formats, each: true}
				files[kind] = f
			}
			f.recs = append(f.recs, pantherSaid(i+1, string(rec), test.Log, &of))
		}
		for _, f := range files {
			if !pantherTimed(f) {
				f.noSniff = true
			}
			s.files = append(s.files, *f)
		}
	})
	return s
}

func pantherSaid(line int, rec string, log map[string]any, of *pantherService) said {
	out := said{line: line, rec: rec}
	if len(of.formats) == 0 {
		return out
	}
	when := pantherText(log, of.when)
	at, ok := pantherTime(when)
	if !ok {
		return out
	}
	out.time, out.outcome = at, claimEvent
	out.account = pantherText(log, of.account)
	if out.account == "HIDDEN_DUE_TO_SECURITY_REASONS" || out.account == "unknown" { // nobody is named
		out.account = ""
	}
	if a := pantherText(log, of.address); a != "" {
		if _, err := netip.ParseAddr(a); err == nil {
			out.from = a
		}
	}
	if of.outcome != nil {
		out.outcome = of.outcome(log)
	}
	out.also = func(events []*event.Event) string {
		if len(events) == 0 {
			return "no event"
		}
		return ""
	}
	return out
}

func pantherTimed(f *suiteFile) bool {
	for i := range f.recs {
		if !f.recs[i].time.IsZero() {
			return true
		}
	}
	return false
}

func pantherTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() > 1900 {
			return t, true
		}
	}
	return time.Time{}, false
}
