// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// launchOf says whether a document started a program: an office program that starts a shell, or something that lies where nothing is installed,
// or Windows' management service that starts such a thing, which a document asks it to so that the office program is not its parent.
func launchOf(s *event.Sighting) order {
	parent := parentOf(s)
	office := officeProgram(parent)
	if !office && parent != "wmiprvse" {
		return order{}
	}
	words := wordsOf(strings.ToLower(s.Object[:min(len(s.Object), hostileLine)]))
	if len(words) == 0 {
		return order{}
	}
	name := programName(words[0])
	odd := oddPlace(words[0]) && !documentName(words[0])
	if !office { // what the service starts may start another: the directory's own shell is asked to open the program
		for _, w := range words[1:] {
			odd = odd || strings.HasSuffix(w, ".exe") && oddPlace(w)
		}
	}
	if !odd && (!office || !shellProgram(name)) {
		return order{}
	}
	return order{deed: deedLaunch, what: parent + " > " + clipWords(name)}
}

// parentOf returns the name of the program that started it, in small letters without its folder and ending; empty: not told.
func parentOf(s *event.Sighting) string {
	for _, field := range [...]string{"ParentProcessName", "ParentImage"} {
		if v, ok := s.Get(field); ok && v.Text != "" && len(v.Text) <= hostileLine {
			return programName(strings.ToLower(v.Text))
		}
	}
	return ""
}

func programName(path string) string {
	return strings.TrimSuffix(path[strings.LastIndexAny(path, `\/`)+1:], ".exe")
}

func officeProgram(name string) bool {
	switch name {
	case "winword", "excel", "powerpnt", "msaccess", "mspub", "visio", "onenote", "eqnedt32", "hwp", "taro", "acrord32", "acrobat":
		return true
	}
	return false
}

func shellProgram(name string) bool {
	switch name {
	case "cmd", "powershell", "pwsh", "wscript", "cscript", "mshta", "regsvr32", "certutil", "bitsadmin", "msbuild", "installutil", "schtasks", "curl":
		return true
	}
	return false
}

func documentName(path string) bool {
	switch ending(path) {
	case "exe", "com", "scr", "bat", "cmd", "ps1", "vbs", "js", "dll":
		return false
	}
	return strings.Contains(path[strings.LastIndexAny(path, `\/`)+1:], ".")
}

// launched words a finding about it.
func (c *command) launched(f *event.Finding, hosts, list string) {
	f.Attack = []string{"T1047", "T1204.002"}
	f.Title = event.Words{Ja: fmt.Sprintf("%s で、文書から起動されたと見られるプログラムがある（%s）", hosts, list), En: fmt.Sprintf("a document seems to have started a program on %s (%s)", hosts, list)}
	f.Explanation = event.Words{
		Ja: "文書を開くプログラムがシェルやふだん何も導入されない場所のプログラムを起動した、または Windows の管理サービス（WMI）がそうしたプログラムを起動した。不正な文書を開いたときに見られる。業務用のマクロや資産管理の製品でも起こりうる。直前に開かれた文書と、起動されたプログラムのファイルを確かめること。",
		En: "A program that shows documents started a shell, or something that lies where nothing is installed; or Windows' management service (WMI) started such a thing. It happens when a hostile document is opened. Macros that people work with, and products that manage machines, can look like this. Look at the document that was opened just before, and at the file of the program."}
}
