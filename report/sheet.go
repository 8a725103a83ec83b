// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"html/template"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Sheet is a case's open questions as whoever calls people needs them on paper: by person, with boxes to tick. It shows no verdict and no evidence,
// for those who are asked may read it, and nothing of it is meant to be mailed: the intruder reads the mailboxes.
type Sheet struct{ Data *Data }

// call is everything that one person is asked.
type call struct {
	To, Person string
	Questions  []*cases.Question
}

// calls gathers the questions by whom they go to, in the order in which each person's first one stands.
func (x *Sheet) calls() []*call {
	var out []*call
	at := map[[2]string]*call{}
	for i := range x.Data.Case.Questions {
		q := &x.Data.Case.Questions[i]
		key := [2]string{q.To, q.Person}
		if at[key] == nil {
			at[key] = &call{To: q.To, Person: q.Person}
			out = append(out, at[key])
		}
		at[key].Questions = append(at[key].Questions, q)
	}
	return out
}

// who says whom to call. Of an account's owner the name says it; IT and network staff are asked about somebody.
func (k *call) who(l Lang) string {
	role := say("本人", "The owner")
	switch k.To {
	case "network", "it":
		role = text("ask-to-" + k.To)
	}
	switch {
	case k.Person == "":
		return l.of(role)
	case k.To == "owner":
		return l.words(same(k.Person))
	}
	return l.words(say("%s（%s の件）", "%s (about %s)", role, k.Person))
}

// What stands on every sheet.
var (
	sheetTitle  = event.Words{Ja: "確認のお願い（聞き取り票）", En: "Questions by telephone or in person"}
	sheetNotice = event.Words{Ja: "電話または対面で尋ねてください。メールやチャットでは、尋ねることも、この票を送ることもしないでください。連絡先は職員名簿など、メール以外のもので確かめてください。",
		En: "Ask by telephone or in person. Neither ask nor send this sheet by mail or chat. Take the number from the staff list or another source that is not mail."}
	sheetClosing = event.Words{Ja: "出張、VPN、代理操作の有無もお知らせください。パスワードはお尋ねしません。", En: "Please tell us of travel, a VPN or somebody acting for you as well. We never ask for your password."}
	sheetNone    = event.Words{Ja: "未回答の質問はありません。", En: "There is no open question."}
)

// Text returns the sheets as plain text in one language.
func (x *Sheet) Text(l Lang) []byte {
	var b bytes.Buffer
	calls := x.calls()
	if len(calls) == 0 {
		fmt.Fprintln(&b, l.of(sheetNone))
		return b.Bytes()
	}
	fmt.Fprintf(&b, "%s\n%s\n", l.of(sheetTitle), l.of(sheetNotice))
	for _, k := range calls {
		fmt.Fprintf(&b, "\n%s\n%s\n", k.who(l), l.of(say("  □対面　□電話（番号：＿＿＿＿＿＿＿＿）　日時：＿＿＿＿＿＿　聞き手：＿＿＿＿＿＿", "  [ ] in person  [ ] by telephone, number: ____________  when: ____________  by: ____________")))
		for _, q := range k.Questions {
			fmt.Fprintf(&b, "  %s  %s\n%s\n", q.ID, l.words(q.Ask), l.of(say("      □はい　□いいえ　□分からない　備考：", "      [ ] yes  [ ] no  [ ] don't know  remark:")))
		}
		fmt.Fprintf(&b, "  %s\n", l.of(sheetClosing))
	}
	return b.Bytes()
}

// Answers returns a file of answers in which every line is a comment until somebody has filled it in.
func (x *Sheet) Answers(l Lang) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n", l.of(say("回答のあった行の行頭の # を外し、answer（yes：正当な利用、no、unknown）、via（in-person、phone、verified-channel、mailbox）、by、at、why を書いて、sekisho scope --answers に渡してください。",
		"Take the # from the lines that were answered, fill in answer (yes: legitimate, no, unknown), via (in-person, phone, verified-channel, mailbox), by, at and why, and give the file to sekisho scope --answers.")))
	for _, k := range x.calls() {
		fmt.Fprintf(&b, "\n# %s\n", k.who(l))
		for _, q := range k.Questions {
			respondent := ""
			if k.To == "owner" {
				respondent = visible(q.Subject.Account, maxTitle)
			}
			fmt.Fprintf(&b, "# %s\n#- {question: %s, answer: , respondent: %q, via: , by: , at: , why: \"\"}\n", l.words(q.Ask), q.ID, respondent)
		}
	}
	return b.Bytes()
}

// sheetCall is one call as the page shows it.
type sheetCall struct {
	Who       string
	Questions []sheetQuestion
}

type sheetQuestion struct{ ID, Ask string }

// HTML returns the sheets as one page in one language, to be printed: each person's on a sheet of its own. It needs no network and runs nothing.
func (x *Sheet) HTML(l Lang) ([]byte, error) {
	t, err := template.New("").Funcs(template.FuncMap{"k": func(ja, en string) string { return l.of(event.Words{Ja: ja, En: en}) }}).ParseFS(sheetFiles, "page/sheet.html")
	if err != nil {
		return nil, fmt.Errorf("report: parse sheet: %w", err)
	}
	p := struct {
		Lang, Title, Notice, Closing, None string
		Calls                              []sheetCall
	}{string(l), l.of(sheetTitle), l.of(sheetNotice), l.of(sheetClosing), l.of(sheetNone), nil}
	for _, k := range x.calls() {
		c := sheetCall{Who: k.who(l)}
		for _, q := range k.Questions {
			c.Questions = append(c.Questions, sheetQuestion{q.ID, l.words(q.Ask)})
		}
		p.Calls = append(p.Calls, c)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "sheet.html", p); err != nil {
		return nil, fmt.Errorf("report: lay out the sheet: %w", err)
	}
	return b.Bytes(), nil
}
