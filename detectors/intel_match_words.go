// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// intelShown is how many listed values a sentence names.
const intelShown = 5

func (g *intelGroup) finding(k intelKey) event.Finding {
	f := event.Finding{Key: k.list + " " + intelWays[k.way] + " " + k.entity, Attack: []string{intelTechnique(k.way)}, Severity: g.severity, First: g.first, Last: g.last, Alerted: g.alerted,
		Accounts: slices.Sorted(maps.Keys(g.accounts)), Hosts: slices.Sorted(maps.Keys(g.hosts)), Addresses: slices.Collect(maps.Keys(g.addresses)), Evidence: g.evidence.Refs()}
	f.Numbers = []event.Figure{figure("records", float64(g.records)), figure("listed_values", float64(len(g.listed))), figure("accounts", float64(len(g.accounts)))}
	for _, n := range []struct {
		name string
		n    int64
	}{{"shared_by_everybody", g.shared}, {"below_a_listed_domain", g.below}, {"compared_in_part", g.wider}, {"hides_its_users", g.anon}} {
		if n.n > 0 {
			f.Numbers = append(f.Numbers, figure(n.name, float64(n.n)))
		}
	}
	if g.folded > 0 {
		f.Numbers = append(f.Numbers, figure("joined", float64(g.folded)))
	}
	f.Title = g.title(k)
	f.Explanation = g.explanation(k)
	return f
}

func intelTechnique(way intelWay) string {
	switch way {
	case intelLogin:
		return "T1078"
	case intelOut, intelOutRefused:
		return "T1071"
	case intelFile:
		return "T1204"
	case intelMail:
		return "T1566"
	}
	return "T1110"
}

// some names the listed values with most records, and how many more there are.
func (g *intelGroup) some() event.Words {
	values := slices.SortedFunc(maps.Keys(g.listed), func(a, b string) int { return cmp.Or(cmp.Compare(g.listed[b], g.listed[a]), strings.Compare(a, b)) })
	text := strings.Join(values[:min(len(values), intelShown)], ", ")
	w := event.Words{Ja: text, En: text}
	if n := len(values) - intelShown; n > 0 {
		w.Ja += fmt.Sprintf(" ほか %d 件", n)
		w.En += fmt.Sprintf(" and %d more", n)
		if len(values) >= intelValues {
			w.Ja += "以上"
			w.En += " or more"
		}
	}
	return w
}

// intelTitles say what was done, with what and by which list; the first four name somebody.
var intelTitles = [...]event.Words{
	intelLogin:      {Ja: "一覧にある接続元からのログイン成功", En: "login from a listed address"},
	intelOut:        {Ja: "一覧にある相手への通信・問合せ", En: "a listed place was called or asked for"},
	intelOutRefused: {Ja: "一覧にある相手への通信（拒否）", En: "a listed place was called in vain"},
	intelFile:       {Ja: "一覧にあるファイル", En: "a listed file was seen"},
	intelMail:       {Ja: "一覧にある送信元からのメール", En: "mail from a listed sender"},
	intelIn:         {Ja: "一覧にある接続元からの通信（応答あり）", En: "listed sources came and were answered"},
	intelInRefused:  {Ja: "一覧にある接続元からの試行（すべて失敗・拒否）", En: "listed sources came and were turned away"},
	intelOwn:        {Ja: "自組織のアドレスが一覧にある", En: "the list names an address of your own"},
}

func (g *intelGroup) title(k intelKey) event.Words {
	v, t := g.some(), intelTitles[k.way]
	if k.way > intelFile {
		return event.Words{Ja: fmt.Sprintf("%s: %s（%s）", t.Ja, v.Ja, k.list), En: fmt.Sprintf("%s: %s (%s)", t.En, v.En, k.list)}
	}
	who := event.Words{Ja: g.who, En: g.who}
	switch {
	case g.folded > 0:
		who = event.Words{Ja: fmt.Sprintf("ほか %d 件", g.folded), En: fmt.Sprintf("%d others", g.folded)}
	case g.who == "":
		who = event.Words{Ja: "名前のない端末", En: "an unnamed machine"}
	}
	return event.Words{Ja: fmt.Sprintf("%s: %s、%s（%s）", t.Ja, who.Ja, v.Ja, k.list), En: fmt.Sprintf("%s: %s, %s (%s)", t.En, who.En, v.En, k.list)}
}

// explanation says what was seen, what the list says of it, what makes it weigh less, and what an innocent reason would be.
func (g *intelGroup) explanation(k intelKey) event.Words {
	var ja, en strings.Builder
	say := func(j, e string, args ...any) {
		fmt.Fprintf(&ja, j, args...)
		if en.Len() > 0 {
			en.WriteByte(' ')
		}
		fmt.Fprintf(&en, e, args...)
	}
	say("一覧「%s」にあるものが %d 件の記録に現れた。", "What the list %q names stands in %d records.", k.list, g.records)
	if g.label != "" {
		say("一覧の説明:「%s」。", "The list says: “%s”.", g.label)
	}
	if len(g.listed) > 0 {
		v := slices.MinFunc(slices.Collect(maps.Keys(g.listed)), func(a, b string) int { return cmp.Or(cmp.Compare(g.listed[b], g.listed[a]), strings.Compare(a, b)) })
		if n := g.lines[v]; n > 0 {
			say("%s は一覧の %d 行目にある。", "%s stands in line %d of the list.", v, n)
		}
	}
	switch k.way {
	case intelLogin:
		say("このアカウントで、そこからのログインが成功している。本人に心当たりを確認すること。", "Logins of this account from there succeeded: ask its owner.")
	case intelOutRefused:
		say("通信は拒否されたが、なぜその機械がそこへ接続しようとしたかは調べるべきである。", "It was turned away, but why the machine wanted to go there should be found out.")
	case intelInRefused:
		say("どれも失敗または拒否に終わっており、公開サーバには日々来るものである。", "All of it failed or was refused; machines on the Internet see such things every day.")
	case intelIn:
		say("ログインの成功ではない。公開サーバへの閲覧や、応答のあった接続である。", "No login succeeded by this: pages were fetched, or connections were answered.")
	case intelOwn:
		say("一覧の誤りか、他組織から見た自組織の機械の悪用の可能性がある。その期間のその機械の記録を確認すること。", "Either the list is wrong, or others saw a machine of yours misused: look at what it did in that time.")
	}
	if g.shared > 0 {
		say("公開 DNS・配信網（CDN）・誰もが使うサービスのものが %d 件含まれ、それだけでは何も示さない。", "%d of them are of a public name server, a delivery network or a service that everybody uses, which shows nothing by itself.", g.shared)
	}
	if g.anon > 0 {
		say("利用者を隠すサービス（Tor など）の一覧であり、載っていること自体は悪用を意味しない。", "The list is of services that hide their users, such as Tor: being on it is no guilt.")
	}
	if g.wider > 0 {
		say("%d 件は、一覧の条件（ポートなど）の一部だけを照合した。", "In %d of them only a part of the list's condition was compared.", g.wider)
	}
	if g.below > 0 {
		say("%d 件は、載っているドメインの下の名前である。", "%d of them name hosts below a listed domain.", g.below)
	}
	say("アドレスは持ち主が変わり、共用もされる。一覧は古くも誤りもする。これだけで侵入とは判断していない。", "Addresses change hands and are shared, and lists grow old and err: nobody is condemned by this alone.")
	return event.Words{Ja: ja.String(), En: en.String()}
}
