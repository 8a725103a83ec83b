// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import "strings"

// program is what a command line runs, as far as tunnels and sandboxes go.
type program struct {
	product string // empty: none of these
	weapon  bool   // intruders use it more than anybody else
	sandbox bool
	odd     bool // it lies where nothing is installed
}

// programOf reads a command line, however it is quoted or wrapped in another command.
func programOf(line string) program {
	if len(line) > tunnelLine {
		line = line[:tunnelLine]
	}
	if !mayTunnel(line) {
		return program{}
	}
	line = strings.ToLower(line)
	words := wordsOf(line)
	for i, w := range words {
		name := w[strings.LastIndexAny(w, `\/`)+1:]
		name = strings.TrimSuffix(strings.TrimSuffix(name, ".exe"), ".py")
		rest := words[i+1:]
		p := program{odd: oddPlace(w)}
		switch name {
		case "code", "code-insiders", "code-tunnel", "code-server":
			if first(rest, "tunnel") || name == "code-tunnel" {
				p.product = "Visual Studio tunnel"
			}
		case "devtunnel":
			if first(rest, "host", "connect", "create", "port", "user") {
				p.product = "Visual Studio tunnel"
			}
		case "ngrok":
			if first(rest, "http", "tcp", "tls", "start", "service", "tunnel") {
				p.product = "ngrok"
			}
		case "cloudflared":
			if first(rest, "tunnel", "access", "service") {
				p.product = "cloudflared"
			}
		case "bore", "zrok", "pagekite", "localtonet", "loophole":
			if first(rest, "local", "share", "http", "tcp", "authtoken", "serve") || name == "pagekite" && len(rest) > 1 {
				p.product = name
			}
		case "chisel", "revsocks", "rathole", "frpc", "ligolo", "ligolo-ng", "gs-netcat", "stowaway", "iox", "reverse_ssh":
			if len(rest) > 0 && !first(rest, "--version", "-v", "--help", "-h") {
				p.product, p.weapon = name, true
			}
		case "ssh", "plink", "klink":
			if reverse(rest) {
				p.product = "ssh -R"
			}
		case "windowssandbox", "wsb":
			if name == "windowssandbox" || first(rest, "start", "exec", "connect") {
				p.product, p.sandbox = "Windows Sandbox", true
				for _, r := range rest[:min(len(rest), 4)] {
					p.odd = p.odd || strings.HasSuffix(r, ".wsb") && oddPlace(r)
				}
			}
		default:
			if strings.HasSuffix(w, ".wsb") || strings.Contains(w, "containers-disposableclientvm") {
				p.product, p.sandbox = "Windows Sandbox", true
			}
		}
		if p.product != "" {
			return p
		}
	}
	return program{}
}

// mayTunnel is a quick look for what every such line has.
func mayTunnel(line string) bool {
	for i := 0; i+2 < len(line); i++ {
		a, b, c := line[i]|0x20, line[i+1]|0x20, line[i+2]|0x20
		switch {
		case a == 't' && b == 'u' && c == 'n', a == 'g' && b == 'r' && c == 'o', a == 'f' && b == 'l' && c == 'a', a == 'w' && b == 's' && c == 'b', a == 'd' && b == 'b' && c == 'o',
			a == 'd' && b == 'i' && c == 's', a == 'c' && b == 'h' && c == 'i', a == 's' && b == 's' && c == 'h', a == 'i' && b == 'n' && c == 'k', a == 'f' && b == 'r' && c == 'p',
			a == 'l' && b == 'i' && c == 'g', a == 'g' && b == 's', a == 'b' && b == 'o' && c == 'r', a == 'z' && b == 'r' && c == 'o', a == 'k' && b == 'i' && c == 't', a == 'l' && b == 'o' && c == 'o',
			a == 't' && b == 'o' && c == 'n', a == 's' && b == 'o' && c == 'c', a == 'r' && b == 'a' && c == 't', a == 's' && b == 't' && c == 'o', a == 'i' && b == 'o' && c == 'x':
			return true
		}
	}
	return false
}

// wordsOf parts a line at spaces, quotes and the brackets of XML. Quotes hold a path with spaces together.
func wordsOf(line string) []string {
	var out []string
	for len(line) > 0 && len(out) < tunnelWords {
		switch c := line[0]; c {
		case ' ', '\t', '\r', '\n', '>', '<', '&', '|', ';', '(', ')':
			line = line[1:]
			continue
		case '"', '\'':
			word, rest, ok := strings.Cut(line[1:], string(c))
			if !ok || strings.Contains(word, ".exe ") { // cmd /c "a whole command"
				line = line[1:]
				continue
			}
			out = append(out, word)
			line = rest
			continue
		}
		i := strings.IndexAny(line, " \t\r\n><&|;\"'")
		if i < 0 {
			i = len(line)
		}
		out = append(out, line[:i])
		line = line[i:]
	}
	return out
}

// first says whether the first words, options aside, have one of these.
func first(words []string, any ...string) bool {
	for i, w := range words {
		if i > 3 {
			return false
		}
		for _, a := range any {
			if w == a {
				return true
			}
		}
	}
	return false
}

// reverse says whether ssh is asked to carry a port of the far end back here.
func reverse(words []string) bool {
	for _, w := range words {
		if w == "-r" || len(w) > 2 && w[:2] == "-r" && strings.IndexByte(w, ':') > 0 {
			// The line was made small: -r is no option of ssh and plink but in capitals.
			return true
		}
	}
	return false
}

// oddPlace says whether a program lies where nobody installs any.
func oddPlace(path string) bool {
	for _, p := range [...]string{`\users\public\`, `\windows\temp\`, `\appdata\local\temp\`, `\perflogs\`, `\$recycle.bin\`, `\windows\tasks\`, `\windows\debug\`, `:\temp\`, `/dev/shm/`, `/var/tmp/`} {
		if strings.Contains(path, p) {
			return true
		}
	}
	if strings.HasPrefix(path, "/tmp/") {
		return true
	}
	if i := strings.Index(path, `\programdata\`); i >= 0 {
		rest := path[i+len(`\programdata\`):]
		return !strings.HasPrefix(rest, "chocolatey") && !strings.HasPrefix(rest, "scoop") && !strings.HasPrefix(rest, "microsoft")
	}
	return false
}
