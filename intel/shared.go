// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"net/netip"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// shared says whether what is listed is used by everybody: lists name public name servers and delivery networks again and again,
// because malware uses them too. Being seen with one says nothing.
func shared(h *event.Listed) bool {
	switch h.Kind {
	case event.ListedAddress, event.ListedNetwork:
		text, _, _ := strings.Cut(h.Value, "/")
		ip, err := netip.ParseAddr(text)
		return err == nil && (isResolver(text) || inDelivery(ip))
	case event.ListedDomain:
		return isCommon(h.Value)
	case event.ListedURL:
		host, path, _ := strings.Cut(h.Value, "/")
		return path == "" && isCommon(host)
	}
	return false
}

// isResolver knows the public name servers of Google, Cloudflare, Quad9, OpenDNS, AdGuard, Verisign and IIJ.
func isResolver(ip string) bool {
	switch ip {
	case "8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "1.1.1.2", "1.0.0.2", "1.1.1.3", "1.0.0.3", "9.9.9.9", "9.9.9.10", "9.9.9.11", "149.112.112.112", "149.112.112.10", "149.112.112.11",
		"208.67.222.222", "208.67.220.220", "94.140.14.14", "94.140.15.15", "64.6.64.6", "64.6.65.6", "103.2.57.5", "103.2.57.6", "4.2.2.1", "4.2.2.2",
		"2001:4860:4860::8888", "2001:4860:4860::8844", "2606:4700:4700::1111", "2606:4700:4700::1001", "2620:fe::fe", "2620:fe::9", "2620:119:35::35", "2620:119:53::53":
		return true
	}
	return false
}

// inDelivery knows the networks that Cloudflare and Fastly publish as those of their edges.
func inDelivery(ip netip.Addr) bool {
	for _, p := range [...]string{
		"173.245.48.0/20", "103.21.244.0/22", "103.22.200.0/22", "103.31.4.0/22", "141.101.64.0/18", "108.162.192.0/18", "190.93.240.0/20", "188.114.96.0/20",
		"197.234.240.0/22", "198.41.128.0/17", "162.158.0.0/15", "104.16.0.0/13", "104.24.0.0/14", "172.64.0.0/13", "131.0.72.0/22",
		"2400:cb00::/32", "2606:4700::/32", "2803:f800::/32", "2405:b500::/32", "2405:8100::/32", "2a06:98c0::/29", "2c0f:f248::/32",
		"23.235.32.0/20", "43.249.72.0/22", "103.244.50.0/24", "103.245.222.0/23", "103.245.224.0/24", "104.156.80.0/20", "140.248.64.0/18", "140.248.128.0/17",
		"146.75.0.0/17", "151.101.0.0/16", "157.52.64.0/18", "167.82.0.0/17", "167.82.128.0/20", "167.82.160.0/20", "167.82.224.0/20", "172.111.64.0/18", "185.31.16.0/22",
		"199.27.72.0/21", "199.232.0.0/16", "2a04:4e40::/32", "2a04:4e42::/32",
	} {
		if q, err := netip.ParsePrefix(p); err == nil && q.Contains(ip) {
			return true
		}
	}
	return false
}

// isCommon knows domains that everybody visits or below which anybody may keep something.
func isCommon(domain string) bool {
	switch domain {
	case "google.com", "gstatic.com", "googleapis.com", "googleusercontent.com", "youtube.com", "gmail.com", "microsoft.com", "office.com", "office365.com", "live.com", "windows.net", "outlook.com",
		"windowsupdate.com", "azureedge.net", "azurewebsites.net", "sharepoint.com", "apple.com", "icloud.com", "amazonaws.com", "cloudfront.net", "cloudflare.com", "workers.dev", "pages.dev",
		"akamaiedge.net", "akamaihd.net", "fastly.net", "github.com", "githubusercontent.com", "github.io", "gitlab.com", "dropbox.com", "slack.com", "discord.com", "telegram.org", "yahoo.co.jp", "wikipedia.org",
		"facebook.com", "twitter.com", "x.com", "linkedin.com", "mozilla.org", "ubuntu.com", "debian.org", "pastebin.com", "duckdns.org", "ngrok.io", "blogspot.com", "wordpress.com":
		return true
	}
	return false
}
