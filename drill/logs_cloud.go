// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// signInLog writes Entra's sign-in records as Graph's beta endpoint returns them, newest first.
type signInLog struct {
	sheet
	stamp stamp
}

// signIn is one record's own part.
type signIn struct {
	t           int64
	who         *person
	from        *address
	client      client
	version     int
	app         cloudApp
	interactive bool
	code        int // 0: success
	d           dice
}

// cloudApp is an application of the cloud.
type cloudApp uint8

const (
	appExchange cloudApp = iota
	appSharePoint
	appTeams
	appHome
	appGraph
)

func (a cloudApp) names() (name, id string) {
	switch a {
	case appSharePoint:
		return "Office 365 SharePoint Online", "00000003-0000-0ff1-ce00-000000000000"
	case appTeams:
		return "Microsoft Teams", "1fec8e78-bce4-4aaf-ab1b-5451cc387264"
	case appHome:
		return "OfficeHome", "4765445b-32c6-49b0-83e6-1d93765276ca"
	case appGraph:
		return "Microsoft Graph Command Line Tools", graphToolID
	}
	return "Office 365 Exchange Online", "00000002-0000-0ff1-ce00-000000000000"
}

// graphToolID is the public client that administrators' scripts, and others, ask Microsoft Graph with.
const graphToolID = "14d82eec-204b-4c2f-b7e8-296a70dab67e"

// failureReason returns Entra's text for the codes that occur.
func failureReason(code int) string {
	switch code {
	case 50126:
		return "Error validating credentials due to invalid username or password."
	case 50074:
		return "Strong Authentication is required."
	case 50140:
		return "This error occurred due to 'Keep me signed in' interrupt when the user was signing-in."
	case 50057:
		return "The user account is disabled."
	case 500121:
		return "Authentication failed during strong authentication request."
	}
	return "Other."
}

func (l *signInLog) write(s signIn) {
	name, id := s.app.names()
	tr := s.client.traits()
	b := append(l.open(), `{"id":"`...)
	b = appendGUID(b, &s.d)
	b = append(b, `","createdDateTime":"`...)
	b = l.stamp.utc(b, s.t)
	b = append(b, `Z","userDisplayName":"`...)
	b = append(b, s.who.name...)
	b = append(b, `","userPrincipalName":"`...)
	b = append(b, s.who.mail...)
	b = append(b, `","userId":"`...)
	b = append(b, s.who.guid...)
	b = append(b, `","appId":"`...)
	b = append(b, id...)
	b = append(b, `","appDisplayName":"`...)
	b = append(b, name...)
	b = append(b, `","ipAddress":"`...)
	b = append(b, s.from.ip...)
	b = append(b, `","clientAppUsed":"`...)
	b = append(b, tr.app...)
	b = append(b, `","userAgent":"`...)
	b = tr.appendAgent(b, s.version)
	b = append(b, `","correlationId":"`...)
	b = appendGUID(b, &s.d)
	b = append(b, `","conditionalAccessStatus":"notApplied","isInteractive":`...)
	b = strconv.AppendBool(b, s.interactive)
	b = append(b, `,"riskDetail":"none","riskLevelAggregated":"none","riskLevelDuringSignIn":"none","riskState":"none","riskEventTypes_v2":[],"resourceDisplayName":"`...)
	b = append(b, name...)
	b = append(b, `","autonomousSystemNumber":`...)
	b = strconv.AppendInt(b, int64(s.from.asn), 10)
	b = append(b, `,"incomingTokenType":"saml20","tokenIssuerType":"AzureAD","authenticationRequirement":"`...)
	if s.who.mfa {
		b = append(b, "multi"...)
	} else {
		b = append(b, "single"...)
	}
	b = append(b, `FactorAuthentication","status":{"errorCode":`...)
	b = strconv.AppendInt(b, int64(s.code), 10)
	b = append(b, `,"failureReason":"`...)
	b = append(b, failureReason(s.code)...)
	b = append(b, `","additionalDetails":null},"deviceDetail":{"deviceId":"","displayName":"","operatingSystem":"`...)
	b = append(b, tr.os...)
	b = append(b, `","browser":"`...)
	b = append(b, tr.browser...)
	if tr.browser != "" {
		b = strconv.AppendInt(b, int64(s.version), 10)
		b = append(b, ".0.0"...)
	}
	b = append(b, `","isCompliant":false,"isManaged":false,"trustType":""},"location":{"city":"`...)
	b = append(b, s.from.city...)
	b = append(b, `","state":"","countryOrRegion":"`...)
	b = append(b, s.from.country...)
	b = append(b, `"},"appliedConditionalAccessPolicies":[]}`...)
	l.close(s.t, b)
}

// auditLog writes Microsoft 365's unified audit as the Management Activity API delivers it: in the order of arrival, minutes
// to a day after the event.
type auditLog struct {
	sheet
	stamp stamp
	from  int64 // nothing that happened before it is written
}

// lateness is how long the cloud takes to deliver: mostly within the hour and a half, one in fifty up to a day.
func lateness(d *dice) int64 {
	if d.chance(0.02) {
		return d.span(2*hour, 24*hour)
	}
	return d.span(4*minute, 80*minute)
}

const tenant = "5c1f0b5e-93a1-4a51-9d1c-7f3f6b8f2a10"

// head begins a record. Creation times have whole seconds.
func (l *auditLog) head(t int64, operation string, recordType int, workload, ip, mail string, d *dice) []byte {
	b := append(l.open(), `{"CreationTime":"`...)
	b = l.stamp.utc(b, t)
	b = append(b, `","Id":"`...)
	b = appendGUID(b, d)
	b = append(append(b, `","Operation":"`...), operation...)
	b = append(b, `","OrganizationId":"`+tenant+`","RecordType":`...)
	b = strconv.AppendInt(b, int64(recordType), 10)
	b = append(append(b, `,"ResultStatus":"Succeeded","UserKey":"`...), mail...)
	b = append(append(b, `","UserType":0,"Version":1,"Workload":"`...), workload...)
	b = append(append(b, `","ClientIP":"`...), ip...)
	b = append(append(b, `","UserId":"`...), mail...)
	return append(b, '"')
}

// mailItems is one MailItemsAccessed record: n messages opened (Bind), or whole folders fetched (Sync).
func (l *auditLog) mailItems(t int64, p *person, from *address, c client, sync bool, n int, d *dice) {
	if t < l.from {
		return
	}
	b := l.head(t, "MailItemsAccessed", 50, "Exchange", from.ip, p.mail, d)
	b = append(append(b, `,"ClientIPAddress":"`...), from.ip...)
	b = append(append(b, `","ClientInfoString":"`...), c.traits().info...)
	b = append(append(b, `","ExternalAccess":false,"InternalLogonType":0,"LogonType":0,"LogonUserSid":"`...), p.sid...)
	b = append(append(b, `","MailboxGuid":"`...), p.guid...)
	b = append(append(b, `","MailboxOwnerUPN":"`...), p.mail...)
	b = append(b, `","OperationProperties":[{"Name":"MailAccessType","Value":"`...)
	if sync {
		b = append(b, "Sync"...)
	} else {
		b = append(b, "Bind"...)
	}
	b = append(b, `"},{"Name":"IsThrottled","Value":"False"}],"OrganizationName":"hakusanlab.onmicrosoft.com","OriginatingServer":"TYAPR01MB4512 (15.20.4200.000)\r\n","SessionId":"`...)
	b = appendGUID(b, d)
	if sync {
		folders := [...]string{`\\Inbox`, `\\Sent Items`, `\\Archive`, `\\Drafts`}
		b = append(append(b, `","Item":{"Id":"LgAAAAB`...), p.guid[:8]...)
		b = append(append(b, `","ParentFolder":{"Path":"`...), folders[n%len(folders)]...)
		b = append(b, `"}}}`...)
	} else {
		b = append(b, `","Folders":[{"FolderItems":[`...)
		for i := range n {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, `{"InternetMessageId":"<`...)
			b = strconv.AppendUint(b, d.next(), 36)
			b = append(b, `@hakusan-lab.example>","SizeInBytes":`...)
			b = strconv.AppendInt(b, int64(2000+d.n(180000)), 10)
			b = append(b, '}')
		}
		b = append(b, `],"Path":"\\Inbox"}],"OperationCount":`...)
		b = strconv.AppendInt(b, int64(n), 10)
		b = append(b, '}')
	}
	l.close(t+lateness(d), b)
}

// search is one SearchQueryInitiatedExchange record: words looked for in the own mailbox. query stands in JSON as it is.
func (l *auditLog) search(t int64, p *person, from *address, query string, d *dice) {
	if t < l.from {
		return
	}
	b := l.head(t, "SearchQueryInitiatedExchange", 127, "Exchange", from.ip, p.mail, d)
	b = append(append(b, `,"ObjectId":"`...), p.mail...)
	l.close(t+lateness(d), append(append(append(b, `","QueryText":"`...), query...), `"}`...))
}

// file is one FileAccessed or FileDownloaded record in somebody's personal folder or in a shared one.
func (l *auditLog) file(t int64, p *person, from *address, operation, site, path, name, agent string, d *dice) {
	if t < l.from {
		return
	}
	b := l.head(t, operation, 6, "OneDrive", from.ip, p.mail, d)
	b = append(append(append(append(b, `,"ObjectId":"https://hakusanlab-my.sharepoint.com/personal/`...), site...), "/Documents/"...), path...)
	b = append(append(append(b, '/'), name...), `","CorrelationId":"`...)
	b = appendGUID(b, d)
	b = append(append(b, `","EventSource":"SharePoint","ItemType":"File","UserAgent":"`...), agent...)
	b = append(b, `","SourceFileExtension":"`...)
	b = append(append(b, extension(name)...), `","SiteUrl":"https://hakusanlab-my.sharepoint.com/personal/`...)
	b = append(append(append(append(b, site...), `/","SourceFileName":"`...), name...), `","SourceRelativeUrl":"Documents/`...)
	b = append(append(b, path...), `"}`...)
	l.close(t+lateness(d), b)
}

// teamFile is one FileAccessed or FileDownloaded record in a site that several share, with a partner outside perhaps.
func (l *auditLog) teamFile(t int64, p *person, from *address, operation, site, name, agent string, d *dice) {
	if t < l.from {
		return
	}
	const home = "https://hakusanlab.sharepoint.com/sites/"
	b := l.head(t, operation, 6, "SharePoint", from.ip, p.mail, d)
	b = append(append(append(append(b, `,"ObjectId":"`+home...), site...), "/Shared Documents/"...), name...)
	b = append(b, `","CorrelationId":"`...)
	b = appendGUID(b, d)
	b = append(append(b, `","EventSource":"SharePoint","ItemType":"File","UserAgent":"`...), agent...)
	b = append(append(b, `","SourceFileExtension":"`...), extension(name)...)
	b = append(append(b, `","SiteUrl":"`+home...), site...)
	b = append(append(b, `/","SourceFileName":"`...), name...)
	l.close(t+lateness(d), append(b, `","SourceRelativeUrl":"Shared Documents"}`...))
}

func extension(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '.' {
			return name[i+1:]
		}
	}
	return ""
}
