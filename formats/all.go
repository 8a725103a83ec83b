// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

// All returns every format, in order of name. A file that declares a Format and is not listed here fails a test.
func All() []Format {
	return []Format{
		ds389,
		ds389JSON,
		apacheError,
		cloudTrail,
		bindQuery,
		boxEvents,
		dovecot,
		duoLog,
		entraAudit,
		entraSignIn,
		entraSignInCSV,
		fortiGate,
		googleWorkspace,
		m365Audit,
		m365AuditCSV,
		nginxError,
		oktaLog,
		openLDAP,
		openSSH,
		openVPN,
		pam,
		postfix,
		samba,
		webAccess,
		windows,
	}
}
