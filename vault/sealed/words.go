// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sekisho/sekisho/vault"
)

// Write prints the report for people, in the language "ja" or another, which is English.
func (r *Report) Write(w io.Writer, language string) error {
	t := english
	if language == "ja" {
		t = japanese
	}
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p(t.log, visible(r.Origin))
	p(t.signature[r.Signature], r.Fingerprint, r.Trusted)
	for _, f := range r.Faults {
		fmt.Fprintf(&b, "%s", t.kinds[f.Kind])
		if f.File != "" {
			fmt.Fprintf(&b, " %s", visible(f.File))
		}
		if f.Offset > 0 {
			fmt.Fprintf(&b, t.offset, f.Offset)
		}
		switch {
		case f.Records == nil:
		case f.Records.To > f.Records.From:
			fmt.Fprintf(&b, t.records, f.Records.From, f.Records.To-1)
		default:
			fmt.Fprintf(&b, t.from, f.Records.From)
		}
		if f.Note != "" {
			fmt.Fprintf(&b, ": %s", visible(f.Note))
		}
		b.WriteByte('\n')
	}
	if r.More > 0 {
		p(t.more, r.More)
	}
	for _, name := range r.Against {
		p(t.agrees, visible(name))
	}
	if r.Unsigned != nil {
		p(t.unsigned, r.Unsigned.From, r.Unsigned.To-1)
	}
	if r.Unfinished {
		p(t.unfinished)
	}
	p(t.sound, r.Records, r.Blocks, r.Checkpoint)
	for _, e := range r.Expired {
		p(t.expired, visible(e.Class), visible(e.Month), e.Records, e.First, e.Last, e.At, e.Keep)
		if e.Left > 0 {
			p(t.left, e.Left)
		}
	}
	for _, h := range r.Holds {
		p(t.held, h.Number, visible(h.Class), cmp.Or(h.From, "…"), cmp.Or(h.To, "…"), visible(h.By), visible(h.Why))
	}
	if len(r.Against) == 0 {
		p(t.alone, r.Checkpoint)
	}
	if r.OK {
		p(t.good)
	} else {
		p(t.bad)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// visible returns text as it is where it prints, else quoted: a file's name must not speak to the terminal.
func visible(text string) string {
	for _, c := range text {
		if c != ' ' && !strconv.IsGraphic(c) || c == utf8.RuneError {
			return strconv.QuoteToGraphic(text)
		}
	}
	return text
}

// words are the report's words in one language.
type words struct {
	log, offset, records, from, more, agrees, unsigned, sound, alone, unfinished, expired, left, held, good, bad string
	signature                                                                                                    map[vault.Signature]string
	kinds                                                                                                        map[FaultKind]string
}

var english = words{
	log: "log: %s", offset: " from byte %d", records: ", records %d to %d", from: ", from record %d on", more: "and %d more",
	agrees:   "agrees with the checkpoint kept elsewhere: %s",
	unsigned: "records %d to %d are right by their checksums; no checkpoint covers them yet",
	sound:    "%d records in %d blocks are as they were sealed; the checkpoint covers %d blocks",
	alone: "compared with no checkpoint kept elsewhere: it cannot be excluded that the whole was put back to an earlier state, nor that records after the checkpoint of %d blocks were removed; " +
		"give a replica or a witness's checkpoint with --against",
	unfinished: "the log is a few seconds behind the records, as a crash leaves it; the next start brings it up",
	expired:    "EXPIRED, not missing: class %s of %s: %d records, from %d to %d, destroyed at %s, %d days after the month's end; the tombstone is signed",
	left:       "  the bytes of %d blocks are still there: the expiry goes on, or the next start brings it to its end",
	held:       "hold %d, class %s, %s to %s, by %s: %s",
	good:       "verified", bad: "NOT VERIFIED",
	signature: map[vault.Signature]string{
		vault.SignatureTrusted: "signature: right, by the trusted key %s%.0s",
		vault.SignatureUnknown: "signature: right, by the key %s%.0s; there is no key here to compare it with: compare it with the one that was noted when the vault was made",
		vault.SignatureOther:   "signature: by ANOTHER KEY: the log is signed by %s, the trusted key is %s",
		vault.SignatureBad:     "signature: WRONG or absent (the folder names the key %s%.0s)",
	},
	kinds: map[FaultKind]string{FaultChanged: "CHANGED", FaultMissing: "MISSING", FaultAdded: "ADDED", FaultTorn: "TORN", FaultStale: "OLDER CHECKPOINT", FaultSignature: "SIGNATURE",
		FaultRoot: "ROOT", FaultRollback: "ROLLED BACK", FaultFork: "ANOTHER HISTORY", FaultEarly: "EXPIRED TOO EARLY"},
}

var japanese = words{
	log: "ログ: %s", offset: "（バイト %d から）", records: "、記録 %d から %d", from: "、記録 %d 以降", more: "ほか %d 件",
	agrees:   "別に保管されたチェックポイントと一致: %s",
	unsigned: "記録 %d から %d はチェックサムどおりですが、まだどのチェックポイントにも含まれません",
	sound:    "%d 件の記録（%d ブロック）は封印した時のままです。チェックポイントの範囲は %d ブロックです",
	alone: "別に保管されたチェックポイントと比べていません。全体が以前の状態に戻された可能性、および %d ブロックまでのチェックポイントより後の記録が消された可能性は否定できません。" +
		"--against で複製や証人のチェックポイントを指定してください",
	unfinished: "ログが記録より数秒遅れています（異常終了の後の状態で、次の起動で追いつきます）",
	expired:    "保存期間満了（欠落ではありません）：区分 %s、%s 分の %d 件（記録 %d から %d までのうち）を %s に廃棄しました（月末から %d 日）。廃棄の記録は署名されています",
	left:       "  %d ブロックの内容がまだ残っています（廃棄の途中か、異常終了で中断したもので、次の起動で完了します）",
	held:       "保全 %d：区分 %s、%s から %s まで、指示者 %s：%s",
	good:       "照合できました", bad: "照合できません",
	signature: map[vault.Signature]string{
		vault.SignatureTrusted: "署名: 正しい（信頼する鍵 %s%.0s）",
		vault.SignatureUnknown: "署名: 正しい（鍵 %s%.0s）。照合する鍵がここにありません。作成時に控えた指紋と見比べてください",
		vault.SignatureOther:   "署名: 別の鍵によるものです。ログの鍵は %s、信頼する鍵は %s",
		vault.SignatureBad:     "署名: 不正、または無い（フォルダにある鍵は %s%.0s）",
	},
	kinds: map[FaultKind]string{FaultChanged: "変更", FaultMissing: "欠落", FaultAdded: "混入", FaultTorn: "書きかけ", FaultStale: "古いチェックポイント", FaultSignature: "署名",
		FaultRoot: "ルート不一致", FaultRollback: "巻き戻し", FaultFork: "別の履歴", FaultEarly: "期限前の廃棄"},
}
