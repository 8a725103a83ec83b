// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var passwordSearch = detect.Spec{Name: "password-search", Attack: []string{"T1114.002", "T1213", "T1552.001"}, New: newPasswordSearch}

// Tunables of password-search.
const (
	seekHome  = 5       // days on which an account must have logged in before a new network is strange to it
	seekKnown = 30      // days for which a network that was strange at first stays so
	seekApart = 14      // days without a look after which another story begins
	seekMost  = 1 << 14 // accounts, and stories, that are followed
	seekText  = 512     // bytes of a search or a file's name that are looked at
)

// seekers looks for passwords being looked for: in the search of a mailbox or of a file store, and by files that are named so. Owners do
// that, too; what counts is that it is done from where the owner never was.
type seekers struct {
	detect.Trace
	known   acquaintance
	strange map[strangeKey]strangePlace
	stories map[uint32]*seekStory
	told    []*seekStory
}

type strangeKey struct {
	who uint32
	net netip.Prefix
}

// strangePlace is a network that was new to an account when it came.
type strangePlace struct {
	day int32
}

type seekStory struct {
	who                  *event.Account
	first, last, alerted event.Micros
	lastDay              int32
	searches, files      int64
	words                []string
	addresses            []netip.Addr
	hidden               bool
	evidence             detect.Evidence
}

func newPasswordSearch(detect.Site) detect.Detector {
	return &seekers{strange: map[strangeKey]strangePlace{}, stories: map[uint32]*seekStory{}}
}

func (d *seekers) Classes() detect.ClassSet {
	return detect.Classes(event.ClassAuthentication, event.ClassMail, event.ClassFile)
}

func (d *seekers) Observe(s *event.Sighting) {
	if s.Who == nil || s.Who.System || !s.SrcIP.IsValid() || s.SrcIsRelay || s.Src.Own || s.Outcome == event.OutcomeFailure {
		return
	}
	if s.Class == event.ClassAuthentication {
		if s.LoggedIn() {
			d.login(s)
		}
		return
	}
	file := false
	switch s.Activity {
	case event.ActSearch:
	case event.ActRead, event.ActDownload, event.ActCopy:
		if s.Class != event.ClassFile {
			return
		}
		file = true
	default:
		return
	}
	if d.Asked(s.Who) {
		d.tellLooked(s, file)
	}
	word := secretWord(s.Object, file)
	if word == "" {
		return
	}
	p, strange := d.strange[strangeKey{s.Who.Handle, network(s.SrcIP)}]
	if !s.Src.Kind.Anonymous() && !(strange && s.Day-p.day <= seekKnown) {
		return
	}
	d.tell(s, word, file)
}

// login remembers which networks an account comes from, and which were new when it came.
func (d *seekers) login(s *event.Sighting) {
	m := d.known.meet(s)
	if !m.network || m.days < seekHome || s.Src.Kind == event.KindMobile {
		return
	}
	key := strangeKey{s.Who.Handle, network(s.SrcIP)}
	if _, ok := d.strange[key]; !ok && len(d.strange) < 8*seekMost {
		d.strange[key] = strangePlace{s.Day}
	}
}

// secretWord returns the word by which a search, or a file's name, is about passwords.
func secretWord(text string, file bool) string {
	if file {
		text = text[strings.LastIndexAny(text, `/\`)+1:]
	}
	l := strings.ToLower(text[:min(len(text), seekText)])
	for _, w := range [...]string{"パスワード", "ﾊﾟｽﾜｰﾄﾞ", "ぱすわーど", "暗証番号", "認証情報", "秘密鍵", "password", "passwd", "passphrase", "credential", "private key", "id/pw", "id_rsa", "id_ed25519", ".kdbx"} {
		if strings.Contains(l, w) {
			return w
		}
	}
	return ""
}

func (d *seekers) tell(s *event.Sighting, word string, file bool) {
	st := d.stories[s.Who.Handle]
	if st == nil || s.Day-st.lastDay > seekApart {
		if len(d.told) >= seekMost {
			return
		}
		st = &seekStory{who: s.Who, first: s.Time, alerted: s.Seen()}
		d.stories[s.Who.Handle] = st
		d.told = append(d.told, st)
	}
	st.last, st.lastDay = s.Time, s.Day
	if file {
		st.files++
	} else {
		st.searches++
	}
	st.hidden = st.hidden || s.Src.Kind.Anonymous()
	if len(st.words) < 8 && !slices.Contains(st.words, word) {
		st.words = append(st.words, word)
	}
	if len(st.addresses) < 32 && !slices.Contains(st.addresses, s.SrcIP) {
		st.addresses = append(st.addresses, s.SrcIP)
	}
	st.evidence.Add(s.Event)
}

func (d *seekers) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, st := range d.told {
		out = append(out, st.finding())
	}
	return sortedFindings(out)
}

func (st *seekStory) finding() event.Finding {
	f := event.Finding{Key: fmt.Sprintf("%s %d", st.who.ID, st.first), Severity: event.Low, First: st.first, Last: st.last, Alerted: st.alerted, Accounts: []string{st.who.ID}, Addresses: st.addresses,
		Numbers: []event.Figure{figure("searches", float64(st.searches)), figure("files", float64(st.files))}, Evidence: st.evidence.Refs()}
	ja, en := "本人が使ったことのなかった接続元である。", "Its owner had never come from there."
	if st.hidden {
		f.Severity = event.Medium
		ja, en = "利用者を隠す接続元（Tor、VPN、レンタルサーバ）である。", "The address hides its user (Tor, VPN, a rented machine)."
	}
	words := strings.Join(st.words, ", ")
	f.Title = event.Words{Ja: fmt.Sprintf("%s として、見慣れない接続元からパスワードが探された（%s）", st.who.Name, words), En: fmt.Sprintf("passwords were looked for as %s from an unusual place (%s)", st.who.Name, words)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("メール・ファイルの検索 %d 回、パスワードを思わせる名前のファイル %d 件。%s侵入者は次に入る先の鍵をこうして手に入れる。見つかったパスワードはすべて変更すること。旅先の本人が自分の控えを探した場合にも起こる。", st.searches, st.files, ja),
		En: fmt.Sprintf("%d searches of mail or files, %d files that are named so. %s An intruder finds the keys to his next door so: change every password that was there to be found. An owner on a journey who looks for a note can look like this.", st.searches, st.files, en)}
	return f
}
