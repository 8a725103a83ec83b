// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

// All returns every format, in order of name. A file that declares a Format and is not listed here fails a test.
func All() []Format {
	return []Format{
		ds389,
		ds389JSON,
		apacheError,
		auditd,
		cloudTrail,
		bindQuery,
		boxEvents,
		conntrack,
		dnsmasqDHCP,
		dovecot,
		duoLog,
		entraAudit,
		entraSignIn,
		entraSignInCSV,
		fortiGate,
		freeRADIUS,
		radiusDetail,
		gitLabJSON,
		googleWorkspace,
		iFilter,
		iscDHCPD,
		iscLeases,
		kea,
		keaLeases,
		m365Audit,
		m365AuditCSV,
		netfilter,
		nextcloud,
		nginxError,
		nps,
		oktaLog,
		openLDAP,
		openSSH,
		openVPN,
		pam,
		postfix,
		radsecproxy,
		samba,
		squid,
		elff,
		webAccess,
		windows,
		windowsDHCP,
		zeek,
	}
}
