// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"time"
)

// The custody sheet is printed, signed by hand and kept with the medium: what it says must be readable without any program.

//go:embed custody.html
var custodyPage string

// stateWords are the words of the sheet for what became of an original.
func stateWords(s ItemState) [2]string {
	switch s {
	case ItemTaken:
		return [2]string{"採取・照合済", "taken, verified"}
	case ItemChanged:
		return [2]string{"採取・照合済（採取中に元が変化）", "taken, verified; the original changed meanwhile"}
	case ItemFailed:
		return [2]string{"採取できず", "not taken"}
	}
	return [2]string{"未採取（中断）", "not taken: the run ended before"}
}

// HTML returns the sheet as a page that prints well, in Japanese and English, with blanks for signatures.
func (c *Custody) HTML() ([]byte, error) {
	t, err := template.New("custody").Funcs(template.FuncMap{"state": stateWords, "clock": clock, "since": c.since, "visible": visible}).Parse(custodyPage)
	if err != nil {
		return nil, fmt.Errorf("vault: read the custody page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, c); err != nil {
		return nil, fmt.Errorf("vault: write the custody page: %w", err)
	}
	return b.Bytes(), nil
}

func clock(m Moment) string {
	if m.IsZero() {
		return "—"
	}
	return m.UTC().Format("2006-01-02 15:04:05Z")
}

// since says from when on a source should still have records.
func (c *Custody) since(r Retention) string {
	shortest, longest, ok := r.Since(c.Started.Time)
	switch {
	case !ok:
		return "—"
	case shortest.Equal(longest):
		return shortest.Format(time.DateOnly)
	}
	return longest.Format(time.DateOnly) + " / " + shortest.Format(time.DateOnly)
}

// Markdown returns the sheet as text.
func (c *Custody) Markdown() []byte {
	var b bytes.Buffer
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# 証拠保全記録票 / Chain of custody\n")
	p("| | |\n| --- | --- |")
	p("| 採取者 / Collected by | %s (uid %s) @ %s |", cell(c.By.User), cell(c.By.UID), cell(c.By.Host))
	p("| 開始 / Started | %s |", clock(c.Started))
	p("| 終了 / Ended | %s |", clock(c.Ended))
	p("| 機器の時間帯 / Machine's zone | %s |", cell(c.Timezone))
	p("| 道具 / Tool | Sekisho %s |", cell(c.Tool))
	p("| 採取 / Taken | %d |", c.Count(ItemTaken)+c.Count(ItemChanged))
	p("| 採取できず / Not taken | %d |\n", c.Count(ItemFailed)+c.Count(ItemLeft))
	p("## 品目 / Items\n")
	p("| 番号 No. | 元の場所 Source | 種別 Format | バイト Bytes | 更新 Modified | 採取 Taken at | 状態 State | SHA-256 |\n| ---: | --- | --- | ---: | --- | --- | --- | --- |")
	for i := range c.Items {
		it := &c.Items[i]
		s := stateWords(it.State)
		note := strings.Join(strings.Fields(it.Error+" "+it.Note), " ")
		p("| %d | %s | %s | %d | %s | %s | %s / %s %s | %s |", it.Number, cell(it.Source), cell(it.Format), it.Size, clock(it.Modified), clock(it.Ended), s[0], s[1], cell(note), it.SHA256)
	}
	p("\n## 先に失われるもの / What expires first\n")
	c.outlook(p, c.Outlook.Held)
	p("\n## 採取に含まれない記録 / Not among what was taken\n")
	c.outlook(p, c.Outlook.Missing)
	p("\n## 署名 / Signatures\n")
	p("| 役割 / Role | 氏名 / Name | 日時 / Date and time | 署名 / Signature |\n| --- | --- | --- | --- |")
	for _, role := range []string{"採取者 / Collector", "立会者 / Witness", "引渡し / Handed over by", "受領 / Received by", "引渡し / Handed over by", "受領 / Received by"} {
		p("| %s | | | |", role)
	}
	p("\n照合 / To verify: `sekisho vault verify --case %s`, `sha256sum`", cell(c.Folder))
	return b.Bytes()
}

func (c *Custody) outlook(p func(string, ...any), list []Retention) {
	p("| 記録 / Log | 通常の保存 / Usually kept | 残っている始まり / Still there from | すること / To do | 出典 / Source |\n| --- | --- | --- | --- | --- |")
	for _, r := range list {
		p("| %s / %s | %s / %s | %s | %s / %s | %s |", r.Name.Ja, r.Name.En, r.Basis.Ja, r.Basis.En, c.since(r), r.Do.Ja, r.Do.En, r.Cite)
	}
}

// cell returns text that cannot leave its cell of a Markdown table, nor be markup.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "`", "'", "<", "&lt;", "[", `\[`, "*", `\*`, "_", `\_`).Replace(visible(text))
}
