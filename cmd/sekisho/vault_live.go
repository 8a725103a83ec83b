// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
	"github.com/sekisho/sekisho/vault"
	"github.com/sekisho/sekisho/vault/sealed"
)

// live verifies what lies at dir, if it is a live vault, an export of one or the proof of one record.
func (f *verifyFlags) live(cmd *cobra.Command, trust string, lang report.Lang) (found bool, err error) {
	if fi, err := os.Stat(f.dir); err == nil && fi.Mode().IsRegular() {
		return true, f.proof(cmd, trust, lang)
	}
	if sealed.IsExport(f.dir) {
		e, err := sealed.VerifyExport(cmd.Context(), f.dir, trust)
		if err != nil {
			return true, event.Tell("%s%v", "%s%v", notVerifiedWords(), err)
		}
		if f.json {
			return true, printJSON(cmd.OutOrStdout(), e)
		}
		fmt.Fprintf(cmd.OutOrStdout(), pick(lang, event.Words{Ja: "記録 %d から %d まで %d 件は、ログにあるとおりです。鍵：%s\n照合できました\n",
			En: "records %d to %d, %d in all, stand like this in the log. Its key: %s\nverified\n"}), e.First, e.Last, e.Records, printable(e.Key))
		return true, nil
	}
	if !sealed.Is(f.dir) {
		return false, nil
	}
	bar := newProgressBar(cmd.ErrOrStderr(), lang)
	o := sealed.VerifyOptions{Trust: trust, Against: f.against, Progress: func(done, of int64) { bar.Update(node.Progress{Phase: "verify", Done: done, Total: of}) }}
	r, err := sealed.Verify(cmd.Context(), f.dir, o)
	bar.Close()
	if err != nil {
		return true, err
	}
	if f.json {
		err = printJSON(cmd.OutOrStdout(), r)
	} else {
		err = r.Write(cmd.OutOrStdout(), string(lang))
	}
	if err == nil && !r.OK {
		err = &exitError{exitFailed, nil}
	}
	return true, err
}

func notVerified(lang report.Lang) string {
	return pick(lang, event.Words{Ja: "照合できません（NOT VERIFIED）：", En: "NOT VERIFIED: "})
}

// proof verifies a file that holds the proof of one record.
func (f *verifyFlags) proof(cmd *cobra.Command, trust string, lang report.Lang) error {
	file, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	defer file.Close()
	var p sealed.Proof
	if err := json.NewDecoder(io.LimitReader(file, 8*sealed.MaxRecord)).Decode(&p); err != nil {
		return event.Tell("%s%s：%v", "%s%s: %v", notVerifiedWords(), f.dir, err)
	}
	if _, err := p.Check(trust); err != nil {
		return event.Tell("%s%v", "%s%v", notVerifiedWords(), err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), pick(lang, event.Words{Ja: "%s\n上の記録（%d 番、受信 %s）は、ログにあるとおりです。鍵：%s\n照合できました\n",
		En: "%s\nThe record above, number %d, received at %s, stands like this in the log. Its key: %s\nverified\n"}),
		printable(p.Text), p.Position, p.At.Format("2006-01-02 15:04:05Z"), printable(p.Key))
	return nil
}

// ownKey returns the fingerprint of this machine's key; empty where there is none.
func ownKey() (string, error) {
	home, err := vault.Home()
	if err != nil {
		return "", nil //nolint:nilerr // without a place for a key there is no key to compare with
	}
	public, err := vault.LocalKey(home)
	if err != nil || public == nil {
		return "", err
	}
	return vault.Fingerprint(public), nil
}

func extractCommand() *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use:   "extract DIR RECORD",
		Short: "Print one record of a live vault with its proof",
		Long: `Extract prints, as JSON, the record with that number and the proof that it stands in the log: the record leads to its block, the block to the
signed checkpoint. "sekisho vault verify FILE" checks it without the vault; the member "log" is a c2sp.org/tlog-proof@v1, which other programs check too.`,
		Example: `  sekisho vault extract /var/lib/sekisho/vault 4711 >record-4711.json
  sekisho vault verify record-4711.json --key SHA256:…`,
		Args: exactly(2, "extract には保管庫のフォルダと記録の番号を指定してください", "extract takes a vault's folder and a record's number"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := strconv.ParseInt(args[1], 10, 62)
			if err != nil || n < 0 {
				return usageError("%q は記録の番号ではありません", "%q is not the number of a record", args[1])
			}
			kek, err := unlock(key)
			if err != nil {
				return err
			}
			p, err := sealed.Extract(cmd.Context(), args[0], event.Position(n), kek)
			if err != nil {
				return sealedError(err)
			}
			return printJSON(cmd.OutOrStdout(), p)
		},
	}
	cmd.Flags().StringVar(&key, "unlock", "", unlockUsage)
	return cmd
}

// sealedError tells in both languages what is no fault of the vault: records that have expired, or that are encrypted.
func sealedError(err error) error {
	var e *sealed.ExpiredError
	if errors.As(err, &e) {
		return event.Tell("記録 %d から %d は保存期間が満了しています（欠落ではありません）：区分 %s の %s 分を %s に廃棄しました（月末から %d 日）。記録があったことはログが証明しますが、内容は残っていません",
			"records %d to %d have expired, they are not missing: class %s of %s was destroyed at %s, %d days after the month's end; the log still proves that they were there, not what they said",
			e.First, e.Last, e.Class, e.Month, e.At, e.Keep)
	}
	if errors.Is(err, sealed.ErrEncrypted) {
		return event.Tell("記録は暗号化されています：--unlock に保管庫の鍵のファイルを指定してください（%v）", "the records are encrypted: give the file with the vault's key with --unlock (%v)", err.Error())
	}
	return err
}

func exportCommand() *cobra.Command {
	var from, to int64
	var out, key string
	cmd := &cobra.Command{
		Use:   "export DIR --from RECORD --to RECORD --out FOLDER",
		Short: "Write a range of records with their proofs, for police or a forensic firm",
		Long: `Export writes a folder with the records, one a line, the proof of each, and the SHA-256 of these files. No record of the range can be left
out without "sekisho vault verify FOLDER" finding it. Records outside the range are not in it, only hashes.`,
		Example: `  sekisho vault export /var/lib/sekisho/vault --from 4000 --to 4999 --out for-the-police
  sekisho vault verify for-the-police --key SHA256:…`,
		Args: exactly(1, "export には保管庫のフォルダを指定してください", "export takes a vault's folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" || from < 0 || to < from {
				return usageError("--from と --to で記録の範囲を、--out で書出し先を指定してください", "say which records with --from and --to, and where to with --out")
			}
			kek, err := unlock(key)
			if err != nil {
				return err
			}
			e, err := sealed.Export(cmd.Context(), args[0], event.Position(from), event.Position(to)+1, out, kek)
			if err != nil {
				return sealedError(err)
			}
			return printJSON(cmd.OutOrStdout(), e)
		},
	}
	cmd.Flags().Int64Var(&from, "from", -1, "the `number` of the first record")
	cmd.Flags().Int64Var(&to, "to", -1, "the `number` of the last record")
	cmd.Flags().StringVar(&out, "out", "", "the `folder` to make")
	cmd.Flags().StringVar(&key, "unlock", "", unlockUsage)
	return cmd
}

func replicateCommand() *cobra.Command {
	var o replicateOptions
	cmd := &cobra.Command{
		Use:   "replicate VAULT REPLICA",
		Short: "Bring a copy of a live vault up to date",
		Long: `Replicate appends to the copy what the vault has more, each block checked on its way. A vault that was rolled back, or whose history was written
anew, is refused: then the replica holds what the vault has lost. It needs no key, and the vault may be running.

VAULT is its folder, or the address of another machine whose "sekisho serve" gives its vault (listen.vault), like https://sekisho1.example.jp:7443, with --certificate,
--key and --authorities. That machine is read from and gets no way into this one. What is fetched lies beside the replica, in REPLICA.incoming, until it is checked;
the first time that takes as much room again. With --every it goes on until it is interrupted.

What has expired in the vault stays in the copy unless --expire is given: whoever takes over the vault's machine, and shortens how long records are kept, destroys nothing here.
Where the law says that copies go too, give --expire.`,
		Example: `  sekisho vault replicate /var/lib/sekisho/vault /mnt/other/sekisho
  sekisho vault replicate https://sekisho1.example.jp:7443 /var/lib/sekisho-replica --certificate second.crt --key second.key --authorities ca.crt --every 1m
  sekisho vault verify /var/lib/sekisho/vault --against /mnt/other/sekisho`,
		Args: exactly(2, "replicate には保管庫のフォルダかアドレスと、複製先のフォルダを指定してください", "replicate takes a vault's folder or address, and the replica's folder"),
		RunE: func(cmd *cobra.Command, args []string) error { return o.run(cmd, args[0], args[1]) },
	}
	cmd.Flags().BoolVar(&o.expire, "expire", false, "destroy in the copy, too, what has expired in the vault, is due and not held")
	cmd.Flags().StringVar(&o.certificate, "certificate", "", "this machine's certificate, in PEM: a `file`")
	cmd.Flags().StringVar(&o.key, "key", "", "its key: a `file`")
	cmd.Flags().StringVar(&o.authorities, "authorities", "", "certificates of those who vouch for the other machine: a `file`")
	cmd.Flags().DurationVar(&o.every, "every", 0, "fetch again after so `long`, until interrupted")
	return cmd
}

func restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore REPLICA DIR",
		Short: "Make a live vault again from its replica",
		Long: `Restore copies a replica, each block checked on its way, into a folder that holds no vault. What was sealed after the replica's last run is not in it:
"sekisho vault verify DIR --against" the damaged vault says how much that is.`,
		Args: exactly(2, "restore には複製のフォルダと作るフォルダを指定してください", "restore takes the replica's folder and the one to make"),
		RunE: func(cmd *cobra.Command, args []string) error {
			done, err := sealed.Restore(cmd.Context(), args[0], args[1])
			if err != nil {
				return err
			}
			return printJSON(cmd.OutOrStdout(), done)
		},
	}
}

// exactly is cobra.ExactArgs with words.
func exactly(n int, ja, en string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError(ja, en)
		}
		return nil
	}
}

func notVerifiedWords() event.Words {
	return event.Words{Ja: notVerified(report.Ja), En: notVerified(report.En)}
}
