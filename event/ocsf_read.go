// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

// OCSFClass returns the class that an OCSF class_uid is, by the table that AppendOCSF writes by and by the classes of OCSF that
// say nearly the same; false for others.
func OCSFClass(uid int) (Class, bool) {
	for i := range ocsfClasses {
		if ocsfClasses[i].uid == uid {
			return ocsfClasses[i].class, true
		}
	}
	switch uid {
	case 1001: // File System Activity
		return ClassFile, true
	case 3003, 3005, 3006: // Authorize Session, User Access Management, Group Management
		return ClassAccountChange, true
	case 4005, 4007: // RDP and SSH Activity
		return ClassRemoteSession, true
	case 4006: // SMB Activity
		return ClassFile, true
	case 4011, 4012: // Email File and URL Activity
		return ClassMail, true
	case 6001, 6002: // Web Resources Activity, Application Lifecycle
		return ClassOther, true
	case 6003: // API Activity
		return ClassEntityChange, true
	case 6004: // Web Resource Access Activity
		return ClassHTTP, true
	case 2001, 2002, 2003, 2005, 2006: // Security, Vulnerability, Compliance and Incident Finding, Data Security Finding
		return ClassDetection, true
	}
	return ClassOther, false
}

// OCSFActivity returns the activity that an activity_id of a class is: the first one that AppendOCSF writes so.
func OCSFActivity(c Class, id int) (Activity, bool) {
	if int(c) >= len(ocsfClasses) {
		return ActOther, false
	}
	for _, a := range ocsfClasses[c].activities {
		if a.id == id {
			return a.activity, true
		}
	}
	return ActOther, false
}

// ClassOf, ActivityOf, OutcomeOf and ReasonOf return what the words of the event table stand for; false for other words.
func ClassOf(word string) (Class, bool) { i, ok := indexOf(classNames[:], word); return Class(i), ok }

// ActivityOf is said with ClassOf.
func ActivityOf(word string) (Activity, bool) {
	i, ok := indexOf(activityNames[:], word)
	return Activity(i), ok
}

// OutcomeOf is said with ClassOf.
func OutcomeOf(word string) (Outcome, bool) {
	i, ok := indexOf(outcomeNames[:], word)
	return Outcome(i), ok
}

// ReasonOf is said with ClassOf.
func ReasonOf(word string) (Reason, bool) {
	i, ok := indexOf(reasonNames[:], word)
	return Reason(i), ok
}

func indexOf(names []string, word string) (int, bool) {
	for i, n := range names {
		if n == word {
			return i, true
		}
	}
	return 0, false
}
