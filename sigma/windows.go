// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"strings"
)

// windowsServices returns the services of the taxonomy whose channel that is.
func windowsServices(channel string) []string {
	switch strings.ToLower(channel) {
	case "application":
		return []string{"application"}
	case "security":
		return []string{"security"}
	case "system":
		return []string{"system"}
	case "dns server":
		return []string{"dns-server"}
	case "windows powershell":
		return []string{"powershell-classic"}
	case "msexchange management":
		return []string{"msexchange-management"}
	case "openssh/operational":
		return []string{"openssh"}
	case "powershellcore/operational":
		return []string{"powershell"}
	case "microsoft-iis-configuration/operational":
		return []string{"iis-configuration"}
	case "microsoft-servicebus-client/operational", "microsoft-servicebus-client/admin":
		return []string{"servicebus-client", "microsoft-servicebus-client"}
	}
	rest, ok := strings.CutPrefix(strings.ToLower(channel), "microsoft-windows-")
	if !ok {
		return nil
	}
	name, log, _ := strings.Cut(rest, "/")
	for _, s := range [...]struct{ name, log, service string }{
		{"application-experience", "", "application-experience"}, {"applocker", "", "applocker"}, {"appmodel-runtime", "", "appmodel-runtime"},
		{"appxdeploymentserver", "", "appxdeployment-server"}, {"appxpackaging", "", "appxpackaging-om"}, {"bitlocker", "", "bitlocker"},
		{"bits-client", "", "bits-client"}, {"capi2", "", "capi2"}, {"certificateservicesclient-lifecycle-system", "", "certificateservicesclient-lifecycle-system"},
		{"codeintegrity", "operational", "codeintegrity-operational"}, {"dhcp-server", "", "dhcp"}, {"diagnosis-scripted", "", "diagnosis-scripted"},
		{"dns client events", "", "dns-client"}, {"dns-client", "", "dns-client"}, {"dns-server", "audit", "dns-server-audit"}, {"dns-server", "", "dns-server-analytic"},
		{"driverframeworks-usermode", "", "driver-framework"}, {"windows firewall with advanced security", "", "firewall-as"}, {"hyper-v-worker", "", "hyper-v-worker"},
		{"hyper-v-worker-admin", "", "hyper-v-worker"}, {"kernel-eventtracing", "", "kernel-event-tracing"}, {"kernel-shimengine", "", "kernel-shimengine"},
		{"ldap-client", "", "ldap"}, {"lsa", "", "lsa-server"}, {"ntfs", "", "ntfs"}, {"ntlm", "", "ntlm"}, {"powershell", "", "powershell"},
		{"printservice", "admin", "printservice-admin"}, {"printservice", "operational", "printservice-operational"}, {"security-mitigations", "", "security-mitigations"},
		{"sense", "", "sense"}, {"shell-core", "", "shell-core"}, {"smbclient", "security", "smbclient-security"}, {"smbclient", "connectivity", "smbclient-connectivity"},
		{"smbserver", "connectivity", "smbserver-connectivity"}, {"sysmon", "", "sysmon"}, {"taskscheduler", "", "taskscheduler"},
		{"terminalservices-localsessionmanager", "", "terminalservices-localsessionmanager"}, {"vhdmp", "", "vhdmp"}, {"windows defender", "", "windefend"}, {"wmi-activity", "", "wmi"},
	} {
		if s.name == name && (s.log == "" || s.log == log) {
			return []string{s.service}
		}
	}
	return nil
}

// windowsCategories returns the categories of an event, by its service and number.
func windowsCategories(service, id string) []string {
	switch service {
	case "sysmon":
		return sysmonCategories(id)
	case "security":
		switch id { // what Windows itself records of the same; its fields get Sysmon's names too
		case "4688":
			return []string{"process_creation"}
		case "4657":
			return []string{"registry_event", "registry_set"}
		case "5156":
			return []string{"network_connection"}
		}
	case "powershell":
		switch id {
		case "4103":
			return []string{"ps_module"}
		case "4104":
			return []string{"ps_script"}
		}
	case "powershell-classic":
		switch id {
		case "400":
			return []string{"ps_classic_start"}
		case "600":
			return []string{"ps_classic_provider_start"}
		case "800":
			return []string{"ps_classic_script"}
		}
	case "windefend":
		switch id {
		case "1006", "1007", "1008", "1116", "1117", "1118", "1119":
			return []string{"antivirus"}
		}
	}
	return nil
}

func sysmonCategories(id string) []string {
	switch id {
	case "1":
		return []string{"process_creation"}
	case "2":
		return []string{"file_change"}
	case "3":
		return []string{"network_connection"}
	case "4", "16":
		return []string{"sysmon_status"}
	case "5":
		return []string{"process_termination"}
	case "6":
		return []string{"driver_load"}
	case "7":
		return []string{"image_load"}
	case "8":
		return []string{"create_remote_thread"}
	case "9":
		return []string{"raw_access_thread"}
	case "10":
		return []string{"process_access"}
	case "11":
		return []string{"file_event"}
	case "12":
		return []string{"registry_event", "registry_add", "registry_delete"}
	case "13":
		return []string{"registry_event", "registry_set"}
	case "14":
		return []string{"registry_event", "registry_rename"}
	case "15":
		return []string{"create_stream_hash"}
	case "17", "18":
		return []string{"pipe_created"}
	case "19", "20", "21":
		return []string{"wmi_event"}
	case "22":
		return []string{"dns_query"}
	case "23":
		return []string{"file_delete"}
	case "24":
		return []string{"clipboard_capture"}
	case "25":
		return []string{"process_tampering"}
	case "26":
		return []string{"file_delete_detected", "file_delete"}
	case "27":
		return []string{"file_block_executable"}
	case "28":
		return []string{"file_block_shredding"}
	case "29":
		return []string{"file_executable_detected"}
	case "255":
		return []string{"sysmon_error"}
	}
	return nil
}

// WindowsSource returns the source of the events of a channel with that number. Callers keep it: it is made anew each time.
func WindowsSource(channel, id string) *Source {
	s := &Source{Product: "windows", Services: windowsServices(channel)}
	for _, service := range s.Services {
		s.Categories = append(s.Categories, windowsCategories(service, id)...)
	}
	return s
}

// FinishWindows adds to the fields of a Windows event what rules call by other names: names without their blanks, the hashes
// that stand in one text, and Sysmon's names where Windows itself recorded the same.
func FinishWindows(fields []Field) []Field {
	n := len(fields)
	security, id := false, ""
	for i := range fields[:n] {
		switch f := &fields[i]; f.Name {
		case "Channel":
			security = strings.EqualFold(f.Value, "Security")
		case "EventID":
			id = f.Value
		case "Hashes", "Hash":
			fields = addHashes(fields, f.Value)
		default:
			if strings.IndexByte(f.Name, ' ') >= 0 {
				fields = append(fields, Field{Name: strings.ReplaceAll(f.Name, " ", ""), Value: f.Value, Null: f.Null})
				switch f.Name {
				case "Threat Name":
					fields = append(fields, Field{Name: "Signature", Value: f.Value})
				}
			}
		}
		if fields[i].Name == "Path" {
			fields = append(fields, Field{Name: "Filename", Value: fields[i].Value})
		}
	}
	if security {
		fields = addSysmonNames(fields, n, id)
	}
	return fields
}

func addHashes(fields []Field, text string) []Field {
	for text != "" {
		one, rest, _ := strings.Cut(text, ",")
		text = rest
		name, value, ok := strings.Cut(one, "=")
		if !ok {
			continue
		}
		switch name {
		case "MD5":
			fields = append(fields, Field{Name: "md5", Value: value})
		case "SHA1":
			fields = append(fields, Field{Name: "sha1", Value: value})
		case "SHA256":
			fields = append(fields, Field{Name: "sha256", Value: value})
		case "IMPHASH":
			fields = append(fields, Field{Name: "imphash", Value: value}, Field{Name: "Imphash", Value: value})
		}
	}
	return fields
}

// addSysmonNames adds Sysmon's names to events of the Security log that tell the same as one of Sysmon.
func addSysmonNames(fields []Field, n int, id string) []Field {
	get := func(name string) string {
		for i := range fields[:n] {
			if fields[i].Name == name {
				return fields[i].Value
			}
		}
		return ""
	}
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, Field{Name: name, Value: value})
		}
	}
	switch id {
	case "4688":
		add("Image", get("NewProcessName"))
		add("ParentImage", get("ParentProcessName"))
		if u := get("SubjectUserName"); u != "" {
			add("User", get("SubjectDomainName")+`\`+u)
		}
		add("LogonId", get("SubjectLogonId"))
		switch get("MandatoryLabel") {
		case "S-1-16-4096":
			add("IntegrityLevel", "Low")
		case "S-1-16-8192", "S-1-16-8448":
			add("IntegrityLevel", "Medium")
		case "S-1-16-12288":
			add("IntegrityLevel", "High")
		case "S-1-16-16384":
			add("IntegrityLevel", "System")
		}
	case "4657":
		key := get("ObjectName")
		if rest, ok := strings.CutPrefix(key, `\REGISTRY\MACHINE`); ok {
			key = "HKLM" + rest
		} else if rest, ok := strings.CutPrefix(key, `\REGISTRY\USER`); ok {
			key = "HKU" + rest
		}
		if v := get("ObjectValueName"); v != "" {
			key += `\` + v
		}
		add("TargetObject", key)
		add("Details", get("NewValue"))
		add("Image", get("ProcessName"))
		add("EventType", "SetValue")
	case "5156":
		add("Image", get("Application"))
		add("SourceIp", get("SourceAddress"))
		add("DestinationIp", get("DestAddress"))
		add("DestinationPort", get("DestPort"))
		switch get("Direction") {
		case "%%14593":
			add("Initiated", "true")
		case "%%14592":
			add("Initiated", "false")
		}
	}
	return fields
}
