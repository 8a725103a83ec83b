// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

// All returns every format, in order of name. A file that declares a Format and is not listed here fails a test.
func All() []Format {
	return []Format{
		ds389,
		ds389JSON,
		apacheError,
		bindQuery,
		dovecot,
		entraSignIn,
		entraSignInCSV,
		fortiGate,
		m365Audit,
		m365AuditCSV,
		nginxError,
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
