// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

// ntStatus returns why a logon failed, by the NTSTATUS that events 4625 and 4776 carry (MS-ERREF 2.3). The second value is
// false for success.
func ntStatus(code uint32) (event.Reason, bool) {
	switch code {
	case 0:
		return event.ReasonNone, false
	case 0xC0000064: // STATUS_NO_SUCH_USER
		return event.ReasonNoSuchAccount, true
	case 0xC000006A: // STATUS_WRONG_PASSWORD
		return event.ReasonBadPassword, true
	case 0xC000006D, 0xC000006C, 0xC0000380: // STATUS_LOGON_FAILURE: which of the two it was is not said
		return event.ReasonBadCredentials, true
	case 0xC000006E, 0xC000006F, 0xC0000070, 0xC000015B, 0xC0000413, 0xC00002EE, 0xC0000022, 0xC0000061, 0xC0000199, 0xC0000198, 0xC000019A: // restrictions, hours, workstation, right not granted, firewall
		return event.ReasonDenied, true
	case 0xC0000071, 0xC0000193, 0xC0000224, 0xC0000225: // password or account expired, must change
		return event.ReasonExpired, true
	case 0xC0000072:
		return event.ReasonDisabled, true
	case 0xC0000234:
		return event.ReasonLocked, true
	case 0xC000005E, 0xC00000DC, 0xC0000192, 0xC000018A, 0xC000018B, 0xC000018C, 0xC000018D, 0xC000009A, 0xC0000233, 0xC0000001:
		return event.ReasonUnavailable, true
	case 0xC00000B5:
		return event.ReasonTimeout, true
	case 0xC0000133, 0xC000010B, 0xC000000D, 0x80090308, 0x80090302, 0xC0000388, 0xC00000BB, 0xC000035B:
		return event.ReasonProtocol, true
	}
	return event.ReasonOther, true
}

// kerberosStatus returns why a ticket was refused, by the error codes of RFC 4120 section 7.5.9. The second value is false
// for success.
func kerberosStatus(code uint32) (event.Reason, bool) {
	switch code {
	case 0:
		return event.ReasonNone, false
	case 0x6: // KDC_ERR_C_PRINCIPAL_UNKNOWN
		return event.ReasonNoSuchAccount, true
	case 0x18: // KDC_ERR_PREAUTH_FAILED
		return event.ReasonBadPassword, true
	case 0x12: // KDC_ERR_CLIENT_REVOKED: disabled, expired or locked; which one is not said
		return event.ReasonDisabled, true
	case 0x1, 0x2, 0x17, 0x20: // entry, password or ticket expired
		return event.ReasonExpired, true
	case 0xC, 0xD, 0x15: // policy
		return event.ReasonDenied, true
	case 0x1D, 0x34:
		return event.ReasonUnavailable, true
	case 0x7, 0x1B, 0x44: // the service, not the account, is unknown
		return event.ReasonOther, true
	case 0x3, 0xE, 0xF, 0x10, 0x19, 0x1F, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x3C, 0x3D, 0x40, 0x41, 0x42:
		return event.ReasonProtocol, true
	}
	return event.ReasonOther, true
}

// statusCode returns a status that is written as a hexadecimal text or as a number, which may be negative.
func statusCode(v jsonValue) (uint32, bool) {
	n, ok := v.int()
	if !ok || n < -1<<31 || n > 1<<32-1 {
		return 0, false
	}
	return uint32(n), true
}
