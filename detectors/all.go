// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package detectors holds the detectors: each one file that says what it raises with every tunable and its reason, one page
// that people read, and one test with a story that must fire and a near miss that must not. The engine that runs them is
// package detect.
package detectors

import "github.com/sekisho/sekisho/detect"

// All returns every detector, in order of name. A file that declares a Spec and is not listed here fails a test.
func All() []detect.Spec {
	return []detect.Spec{
		adminMisuse,
		applianceOutbound,
		beacon,
		ciRemoteControl,
		clockDrift,
		credentialStuffing,
		directoryRead,
		dormantAccount,
		edgeDevice,
		excessTaking,
		groupTargeting,
		hostileCommand,
		idListObtained,
		idProbing,
		impossibleTravel,
		intelMatch,
		internalScan,
		lateralSwitch,
		logCleared,
		longConnection,
		mailBulkRead,
		mailboxChange,
		massEncryption,
		oneAddressManyAccounts,
		passwordGuessing,
		passwordSearch,
		passwordSpraySource,
		recordGap,
		restrictedAccess,
		secondFactorFatigue,
		sourceSilent,
		spamBurst,
		successAfterGuessing,
		targetDropOut,
		tunnel,
		unusualLoginHidden,
		upload,
	}
}
