// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
	"github.com/sekisho/sekisho/vault/sealed"
)

// holdFlags are who, why and by which key.
type holdFlags struct{ by, why, home string }

func (f *holdFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.by, "by", "", "the `name` of the person who decided it")
	cmd.Flags().StringVar(&f.why, "why", "", "the `reason`, such as the case's number")
	cmd.Flags().StringVar(&f.home, "key-home", "", "the `folder` of the vault's signing key (default: key beside the vault, else this user's)")
}

func (f *holdFlags) check() error {
	if f.by == "" || f.why == "" {
		return usageError("--by に決めた人の名前を、--why に理由を指定してください", "say with --by who decided it, and with --why the reason")
	}
	return nil
}

// key returns the vault's signing key. It makes none.
func (f *holdFlags) key(dir string) (vault.Key, error) {
	home := f.home
	if home == "" {
		home = filepath.Join(filepath.Dir(filepath.Clean(dir)), "key")
		if public, err := vault.LocalKey(home); err != nil || public == nil {
			var err error
			if home, err = vault.Home(); err != nil {
				return vault.Key{}, err
			}
		}
	}
	if public, err := vault.LocalKey(home); err != nil {
		return vault.Key{}, err
	} else if public == nil {
		return vault.Key{}, event.Tell("%s に署名鍵がありません：保管庫の署名鍵があるフォルダを --key-home に指定してください", "there is no signing key in %s: name the folder with the vault's key with --key-home", home)
	}
	key, _, err := vault.OpenKey(home)
	return key, err
}

func holdCommand() *cobra.Command {
	var f holdFlags
	var class, from, to string
	cmd := &cobra.Command{
		Use:   "hold DIR --by NAME --why REASON",
		Short: "Keep records from expiring, whatever their age (a legal hold)",
		Long: `Hold keeps what was sealed from --from to before --to, of one class or of all, until "sekisho vault release". A month is held as a whole where any of it is. It is signed with
who, why and when, stands in the vault, and is shown by verify and retention. The live system may be running: once this command has ended, nothing that it names expires.`,
		Example: `  sekisho vault hold /var/lib/sekisho/vault --by suzuki --why "case 2026-17" --from 2025-06-01 --to 2026-04-01
  sekisho vault hold /var/lib/sekisho/vault --by suzuki --why "case 2026-17" --class mail`,
		Args: exactly(1, "hold には保管庫のフォルダを指定してください", "hold takes a vault's folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			h := sealed.Hold{Class: class, By: f.by, Why: f.why}
			var err error
			if h.From, err = holdTime("from", from); err != nil {
				return err
			}
			if h.To, err = holdTime("to", to); err != nil {
				return err
			}
			if h.From != "" && h.To != "" && h.From >= h.To {
				return usageError("--to は --from より後の日を指定してください", "--to must be after --from")
			}
			key, err := f.key(args[0])
			if err != nil {
				return err
			}
			placed, err := sealed.PlaceHold(args[0], key, h)
			if err != nil {
				return err
			}
			return printJSON(cmd.OutOrStdout(), placed)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&class, "class", "", "the `class` to hold (default: all)")
	cmd.Flags().StringVar(&from, "from", "", "the first `day`, as 2026-04-01, in UTC (default: from the first record on)")
	cmd.Flags().StringVar(&to, "to", "", "the `day` after the last, in UTC (default: without end)")
	return cmd
}

// holdTime reads a day, or a time, and returns it as a hold has it.
func holdTime(flag, text string) (string, error) {
	if text == "" {
		return "", nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		t, err = time.Parse(time.RFC3339, text)
	}
	if err != nil {
		return "", usageError("--%s %q：2026-04-01 のような日か、2026-04-01T09:00:00+09:00 のような時刻を指定してください", "--%s %q: write a day such as 2026-04-01, or a time such as 2026-04-01T09:00:00+09:00", flag, text)
	}
	return t.UTC().Format(time.RFC3339), nil
}

func releaseCommand() *cobra.Command {
	var f holdFlags
	cmd := &cobra.Command{
		Use:   "release DIR NUMBER --by NAME --why REASON",
		Short: "End a hold",
		Long: `Release ends a hold, signed with who, why and when. What is due and no other hold keeps goes at the live system's next look, within the hour. The hold itself stays
in the vault, with its release.`,
		Example: `  sekisho vault release /var/lib/sekisho/vault 1 --by tanaka --why "case 2026-17 was closed"`,
		Args:    exactly(2, "release には保管庫のフォルダと保全の番号を指定してください", "release takes a vault's folder and a hold's number"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := f.check(); err != nil {
				return err
			}
			n, err := strconv.Atoi(args[1])
			if err != nil || n < 1 {
				return usageError("%q は保全の番号ではありません：sekisho vault retention が示します", "%q is not the number of a hold: sekisho vault retention shows them", args[1])
			}
			key, err := f.key(args[0])
			if err != nil {
				return err
			}
			return sealed.ReleaseHold(args[0], key, sealed.Release{Number: n, By: f.by, Why: f.why})
		},
	}
	f.add(cmd)
	return cmd
}

func retentionCommand() *cobra.Command {
	var asJSON bool
	var lang string
	cmd := &cobra.Command{
		Use:   "retention DIR",
		Short: "Show what a live vault keeps, what has expired, and what is held",
		Long: `Retention shows the classes and months that a vault holds, those that were destroyed because their time was over, and the holds. It reads no records; whether the tombstones
are right is for "sekisho vault verify".

Exit status: 0 shown; 1 something in it is not as it was signed, and nothing expires until it is put back.`,
		Args: exactly(1, "retention には保管庫のフォルダを指定してください", "retention takes a vault's folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := sealed.ReadKept(args[0])
			if err != nil {
				return err
			}
			if asJSON {
				err = printJSON(cmd.OutOrStdout(), k)
			} else {
				printKept(cmd, k, lang)
			}
			if err == nil && len(k.Bad) > 0 {
				return &exitError{exitFailed, nil}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	cmd.Flags().StringVar(&lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}

func printKept(cmd *cobra.Command, k *sealed.Kept, lang string) {
	say := func(ja, en string, args ...any) {
		fmt.Fprintf(cmd.OutOrStdout(), pick(language(lang), event.Words{Ja: ja, En: en})+"\n", args...)
	}
	for _, e := range k.Eras {
		if e.Encrypted {
			say("保管中    %s  %s（暗号化、鍵 %s）", "kept      %s  %s (encrypted, key %s)", e.Month, printable(e.Class), printable(e.KEK))
		} else {
			say("保管中    %s  %s", "kept      %s  %s", e.Month, printable(e.Class))
		}
	}
	for _, t := range k.Expired {
		say("期間満了  %s  %s：%d 件を %s に廃棄（月末から %d 日）", "expired   %s  %s: %d records, destroyed at %s, %d days after the month's end", t.Month, printable(t.Class), t.Records, t.At, t.Keep)
	}
	for _, h := range k.Holds {
		from, to := h.From, h.To
		if from == "" {
			from = "…"
		}
		if to == "" {
			to = "…"
		}
		say("保全 %d    区分 %s、%s から %s まで、%s が %s に指示：%s", "hold %d    class %s, %s to %s, by %s at %s: %s", h.Number, printable(h.Class), from, to, printable(h.By), h.At, printable(h.Why))
		if r := h.Released; r != nil {
			say("          %s が %s に解除：%s", "          released by %s at %s: %s", printable(r.By), r.At, printable(r.Why))
		}
	}
	for _, name := range k.Bad {
		say("署名どおりではありません：%s。複製から戻すまで、何も廃棄しません", "NOT AS IT WAS SIGNED: %s; until it is put back from a replica nothing expires", printable(name))
	}
	if len(k.Eras)+len(k.Expired)+len(k.Holds)+len(k.Bad) == 0 {
		say("保存期間の設定はなく、すべてを保管しています", "there are no rules in this vault: everything is kept")
	}
}

func vaultKeyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "key FILE",
		Short: "Make the key that encrypts a live vault",
		Long: `Key writes a new random key into a file that must not be there yet, for retention.key of the live system's configuration. Keep a copy where neither the vault nor its
replicas are: without it nobody can read what was encrypted, and whoever has it and a copy of the vault can.`,
		Example: `  sekisho vault key /etc/sekisho/vault.key`,
		Args:    exactly(1, "key には作るファイルを指定してください", "key takes the file to make"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Lstat(args[0]); err == nil {
				return event.Tell("%s は既にあります：上書きしません。今の鍵で暗号化した記録を読むために残してください", "%s is there already and is not overwritten: keep it, to read what was encrypted under it", args[0])
			}
			k, err := sealed.MakeKEK(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), pick(spoken(cmd, nil), event.Words{Ja: "鍵 %s を %s に作りました。控えを保管庫とその複製から離れた場所に置いてください\n", En: "the key %s is in %s; keep a copy where neither the vault nor its replicas are\n"}), k.ID(), printable(args[0]))
			return nil
		},
	}
}

// unlock reads the key file that is given to read an encrypted vault; nil: none is given.
func unlock(path string) (*sealed.KEK, error) {
	if path == "" {
		return nil, nil
	}
	return sealed.ReadKEK(path)
}

const unlockUsage = "the `file` with the key of an encrypted vault (retention.key of its configuration)"
