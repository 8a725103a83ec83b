// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

// signInEnd is what a sign-in's error code says about how it ended.
type signInEnd struct {
	outcome event.Outcome
	reason  event.Reason
	// passwordRight: the code is given only after the password was found right, where one was used.
	passwordRight bool
}

// entraEnd reads the error codes of Microsoft Entra (AADSTS…), from the reference of error codes at
// learn.microsoft.com/entra/identity-platform/reference-error-codes. An interrupt that only shows a page to the person
// (keep me signed in? which account? consent?) has an unknown outcome: nothing was refused, and the record that follows says how it went
// on. One that asks for a second factor is a failure until a later record says otherwise: no session came of it.
func entraEnd(code int64) signInEnd {
	const (
		unknown = event.OutcomeUnknown
		failure = event.OutcomeFailure
	)
	switch code {
	case 0:
		return signInEnd{outcome: event.OutcomeSuccess}
	case 50126, 50064: // an unknown ID has a code of its own, 50034, so that this is a wrong password
		return signInEnd{failure, event.ReasonBadPassword, false}
	case 50056: // the account has no password in this store
		return signInEnd{failure, event.ReasonBadPassword, false}
	case 7000215, 70002: // a wrong secret of an application
		return signInEnd{failure, event.ReasonBadPassword, false}
	case 700027, 700023, 700024, 50012, 50013: // an assertion or certificate that does not hold
		return signInEnd{failure, event.ReasonBadCredentials, false}
	case 50034, 51004, 50197: // no such user in the directory
		return signInEnd{failure, event.ReasonNoSuchAccount, false}
	case 700016: // no such application
		return signInEnd{failure, event.ReasonNoSuchAccount, false}
	case 50053: // smart lockout, or an address that is known for attacks
		return signInEnd{failure, event.ReasonLocked, false}
	case 50055, 50144: // the password was right, and has expired
		return signInEnd{failure, event.ReasonExpired, true}
	case 7000222: // an application's secret that has expired
		return signInEnd{failure, event.ReasonExpired, false}
	case 50132, 50133, 50173, 50089, 70008, 70043, 70044, 700082, 700081, 700084, 50085, 50139, 70000, 500133, 700003: // a session or grant that is over or was withdrawn
		return signInEnd{failure, event.ReasonExpired, false}
	case 50057, 135011, 7000112, 70001, 500014: // the account, device or application is disabled
		return signInEnd{failure, event.ReasonDisabled, false}
	case 50074, 50076, 50079, 50072, 50158, 53004, 50161:
		return signInEnd{failure, event.ReasonSecondFactorNeeded, true}
	case 51006, 50097, 90072:
		return signInEnd{failure, event.ReasonSecondFactorNeeded, false}
	case 500121, 50088, 500124, 130500, 130501:
		return signInEnd{failure, event.ReasonSecondFactorFailed, true}
	case 53000, 53001, 53002, 53003, 53009, 53010, 53011, 50131, 50135, 530021, 530031, 530032, 530034, 530035, 530036: // conditional access and risk, which are judged behind the password
		return signInEnd{failure, event.ReasonDenied, true}
	case 50005, 50020, 50105, 50129, 50155, 50187, 50127, 50002, 16003, 50014, 50178, 50177, 80012, 500022, 500021, 500212, 500213, 54000, 65004, 90094, 90095, 7000218, 650052, 90008, 50015, 501241, 530033:
		return signInEnd{failure, event.ReasonDenied, false}
	case 80002, 80005, 80014, 90012, 50087, 50033, 90006, 90033, 90024, 90055, 50166, 80001, 80007, 80010, 80013, 50000, 90036, 70012, 50086:
		return signInEnd{failure, event.ReasonUnavailable, false}
	case 70016, 70018, 70019, 50050, 50196, 50008, 50027, 90014, 90013, 90023, 9002313, 900144, 90019, 50059, 50128, 90002, 700005, 54005, 50011, 50001, 500011,
		70003, 70004, 70005, 70007, 70011, 81001, 81002, 81003, 81004, 81005, 81006, 81007, 81008, 81009, 81010, 81011, 81012, 81013, 50006, 50099, 50107, 50143, 75011:
		return signInEnd{failure, event.ReasonProtocol, false}
	case 50058, 16000, 16001, 16002, 50140, 50199, 50125, 65001, 50168, 51005, 120000, 120002, 120012, 50136, 52004:
		return signInEnd{unknown, event.ReasonNone, false}
	}
	return signInEnd{failure, event.ReasonOther, false}
}

// entraErrorName reads the names by which Microsoft 365 audit records call the same ends (LogonError, ResultStatusDetail).
func entraErrorName(name []byte) (code int64, ok bool) {
	switch string(name) {
	case "Success", "":
		return 0, true
	case "InvalidUserNameOrPassword", "InvalidPassword", "InvalidCredentials":
		return 50126, true
	case "CredentialAuthenticationError":
		return 50064, true
	case "UserAccountNotFound", "InvalidUserName", "UserNotFound":
		return 50034, true
	case "UserAccountNotInDirectory":
		return 51004, true
	case "IdsLocked", "AccountLocked", "UserLocked", "IdsLockedMaliciousIP":
		return 50053, true
	case "InvalidPasswordExpiredPassword", "PasswordExpired", "ExpiredPassword":
		return 50055, true
	case "InvalidPasswordExpiredOnPremPassword":
		return 50144, true
	case "UserDisabled", "AccountDisabled":
		return 50057, true
	case "UserStrongAuthClientAuthNRequired":
		return 50076, true
	case "UserStrongAuthClientAuthNRequiredInterrupt", "StrongAuthenticationRequired":
		return 50074, true
	case "UserStrongAuthEnrollmentRequired":
		return 50079, true
	case "UserStrongAuthEnrollmentRequiredInterrupt":
		return 50072, true
	case "ExternalSecurityChallenge":
		return 50158, true
	case "AuthenticationFailedSasError", "UserDeclinedMfa", "MfaDenied":
		return 500121, true
	case "BlockedByConditionalAccess", "BlockedByConditionalAccessOnSecurityPolicy":
		return 53003, true
	case "DeviceNotCompliant":
		return 53000, true
	case "DeviceNotDomainJoined":
		return 53001, true
	case "ApplicationUsedIsNotAnApprovedApp":
		return 53002, true
	case "ProofUpBlockedDueToRisk":
		return 53004, true
	case "ConditionalAccessFailed":
		return 50131, true
	case "PasswordChangeCompromisedPassword":
		return 50135, true
	case "EntitlementGrantsNotFound":
		return 50105, true
	case "UserUnauthorized":
		return 50020, true
	case "DevicePolicyError":
		return 50005, true
	case "DeviceAuthenticationFailed":
		return 50155, true
	case "DeviceAuthenticationRequired":
		return 50097, true
	case "DeviceInformationNotProvided":
		return 50187, true
	case "SsoUserAccountNotFoundInResourceTenant":
		return 16003, true
	case "PassThroughUserMfaError":
		return 90072, true
	case "SsoArtifactInvalidOrExpired":
		return 50132, true
	case "SsoArtifactRevoked":
		return 50133, true
	case "FreshTokenNeeded":
		return 50173, true
	case "FlowTokenExpired":
		return 50089, true
	case "BadTokenDueToSignInFrequency":
		return 70044, true
	case "ExpiredOrRevokedGrant":
		return 70008, true
	case "KmsiInterrupt":
		return 50140, true
	case "CmsiInterrupt":
		return 50199, true
	case "SelectUserAccount":
		return 16000, true
	case "UserInformationNotProvided":
		return 50058, true
	case "DelegationDoesNotExist":
		return 65001, true
	case "PasswordResetRegistrationRequiredInterrupt":
		return 50125, true
	case "RedirectMsaSessionToApp":
		return 50136, true
	case "UserDeclinedConsent":
		return 65004, true
	case "OnPremisePasswordValidationAccountLogonInvalidHours":
		return 80012, true
	}
	return 0, false
}
