// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// client is the program that somebody uses.
type client uint8

const (
	chromeWindows client = iota
	edgeWindows
	firefoxWindows
	firefoxESR
	safariMac
	chromeMac
	safariPhone
	chromePhone
	outlookDesktop
	outlookPhone
	webServices      // a program that fetches mail by itself
	oldFirefox       // the last one for Windows 7; the intruder's, and a few members' too
	anonymousBrowser // Tor Browser, which shows the same to everybody
	graphTool        // a script that asks Microsoft Graph

	clients // how many there are
)

// traits are what the logs show of a client, but for its version.
type traits struct {
	before, after  string // of the user agent, around the version
	os, browser    string // as Entra names them
	app            string // clientAppUsed
	info           string // ClientInfoString of the mailbox audit
	first, release int    // the version at the first day of June 2025, and the days between versions; 0: it stays
}

func (c client) traits() traits {
	const webkit = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/"
	const owa = "Client=OWA;Action=ViaProxy"
	switch c {
	case chromeWindows:
		return traits{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + webkit, ".0.0.0 Safari/537.36", "Windows10", "Chrome ", "Browser", owa, 137, 28}
	case edgeWindows:
		return traits{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + webkit, ".0.0.0 Safari/537.36 Edg/137.0.0.0", "Windows10", "Edge ", "Browser", owa, 137, 28}
	case firefoxWindows:
		return traits{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:139.0) Gecko/20100101 Firefox/", ".0", "Windows10", "Firefox ", "Browser", owa, 139, 28}
	case firefoxESR:
		return traits{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/", ".0", "Windows10", "Firefox ", "Browser", owa, 128, 0}
	case safariMac:
		return traits{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/", ".5 Safari/605.1.15", "MacOs", "Safari ", "Browser", owa, 18, 0}
	case chromeMac:
		return traits{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " + webkit, ".0.0.0 Safari/537.36", "MacOs", "Chrome ", "Browser", owa, 137, 28}
	case safariPhone:
		return traits{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/", ".5 Mobile/15E148 Safari/604.1", "Ios 18.5", "Mobile Safari ", "Browser", owa, 18, 0}
	case chromePhone:
		return traits{"Mozilla/5.0 (Linux; Android 10; K) " + webkit, ".0.0.0 Mobile Safari/537.36", "Android", "Chrome Mobile ", "Browser", owa, 137, 28}
	case outlookDesktop:
		return traits{"Microsoft Office/", ".0 (Windows NT 10.0; Microsoft Outlook 16.0.18827; Pro)", "Windows10", "Rich Client ", "Mobile Apps and Desktop clients", "Client=MSExchangeRPC", 16, 0}
	case outlookPhone:
		return traits{"Outlook-iOS/", ".0", "Ios 18.5", "Rich Client ", "Mobile Apps and Desktop clients", "Client=OutlookService;Outlook-iOS/2.0;", 2, 0}
	case webServices:
		return traits{"ExchangeServicesClient/", ".00.0913.015", "", "", "Exchange Web Services", "Client=WebServices;ExchangeServicesClient/15.00.0913.015;", 15, 0}
	case oldFirefox:
		return traits{"Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:115.0) Gecko/20100101 Firefox/", ".0", "Windows7", "Firefox ", "Browser", owa, 115, 0}
	case graphTool:
		return traits{"python-requests/", ".31.0", "", "Python Requests ", "Mobile Apps and Desktop clients", "Client=REST;Client=RESTSystem;;", 2, 0}
	}
	return traits{"Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/", ".0", "Windows10", "Firefox ", "Browser", owa, 128, 0}
}

// version returns the client's main version for a member who updates lag days late. A program's release days are its own.
func (t traits) version(epochDay, lag int) int {
	if t.release == 0 {
		return t.first
	}
	const day0 = 20235 // 27 May 2025, the release of Chrome 137 and Firefox 139
	return t.first + max(0, (epochDay-day0-lag)/t.release)
}

// appendAgent appends the user agent.
func (t *traits) appendAgent(b []byte, version int) []byte {
	before, after := t.before, t.after
	if version < t.first {
		before, after = t.past(version)
	}
	b = append(b, before...)
	b = strconv.AppendInt(b, int64(version), 10)
	return append(b, after...)
}
