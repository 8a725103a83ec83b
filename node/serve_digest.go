// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/notify"
	"github.com/sekisho/sekisho/vault/sealed"
)

// Once a day those who want it are sent what was received and found, whether all is well, and the newest checkpoint of the vault. Silence says
// something then; and whoever keeps the mails, or prints them, holds what an intruder with the vault and its key cannot take back.

const (
	digestName  = "digest.json" // beside the queue: the day on which each contact was sent one
	digestEvery = 20 * time.Second
	digestSpan  = 24 * time.Hour
)

// digests sends them until ctx ends.
func (s *server) digests(ctx context.Context) {
	tick := time.NewTicker(digestEvery)
	defer tick.Stop()
	for {
		if err := s.sendDigests(time.Now()); err != nil {
			s.log.Error("the digest of the day was not sent", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sendDigests puts a digest into the queue for each contact whose hour has come today, also where it came while the system was down.
func (s *server) sendDigests(now time.Time) error {
	settings := s.teller.queue.Settings()
	zone := settings.Zone
	if zone == nil {
		zone = time.UTC
	}
	now = now.In(zone)
	path := filepath.Join(NotifyFolder(s.o.Config), digestName)
	sent := map[string]string{}
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &sent)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		sent = map[string]string{} // one too many is better than none
	}
	var message *notify.Message
	for _, c := range settings.Contacts {
		today := now.Format(time.DateOnly)
		if c.Digest < 0 || now.Hour()*60+now.Minute() < c.Digest || sent[c.Name] == today {
			continue
		}
		if message == nil {
			if message, err = s.digest(now); err != nil {
				return err
			}
		}
		if err := s.teller.queue.Put(c.Name, *message); err != nil {
			return err
		}
		sent[c.Name] = today
	}
	if message == nil {
		return nil
	}
	if b, err = json.Marshal(sent); err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}

// digest tells of the last day.
func (s *server) digest(now time.Time) (*notify.Message, error) {
	m := &notify.Message{Story: "S-DAILY", Severity: event.Info, At: now, Since: now.Add(-digestSpan), Detector: "digest"}
	m.Title = event.Words{Ja: now.Format("1月2日") + "の報告", En: "Report of " + now.Format("2 January")}
	say := func(ja, en string, args ...any) {
		m.Digest = append(m.Digest, fmt.Sprintf(ja, args...), fmt.Sprintf(en, args...))
	}
	st := s.statusNow()
	switch {
	case !st.Healthy:
		say("状態：異常（%s）", "State: NOT HEALTHY: %s", st.Problem)
	case st.Open > 0:
		say("状態：受信の合計が %d 回合いませんでした", "State: the sum of what was received did not close %d times", st.Open)
	default:
		say("状態：正常", "State: healthy")
	}
	for _, f := range st.Told.Failing {
		say("通知が届かない連絡先：%s", "Not reached: %s", f.Contact)
	}
	for _, r := range st.Replicas {
		if r.Problem != "" {
			say("追いついていない複製：%s", "A replica does not follow: %s", r.Name)
		}
	}
	received, from, silent := s.receivedSince(st, m.Since)
	say("受信：%s", "Received: %s", fmt.Sprintf("%d（封緘 sealed %d、拒否 rejected %d、欠落 lost %d、送信元 sources %d）", received.offered, received.sealed, received.rejected, received.lost, from))
	if len(silent) > 0 {
		say("何も届かなかった送信元：%s", "Nothing came from: %s", strings.Join(silent, ", "))
	}
	found, err := foundSince(filepath.Join(s.o.Config.Data, findingsName), m.Since)
	if err != nil {
		return nil, err
	}
	say("新しい検知：%s", "New findings: %s", found)
	a, err := sealed.NewestAnchor(filepath.Join(s.o.Config.Data, "vault"))
	if err != nil {
		return nil, err
	}
	say("保管庫：%d 件、署名鍵 %s", "Vault: %d records, key %s", st.Vault.Records, a.Fingerprint)
	say("次の行を保存または印刷してください。後日 sekisho vault verify フォルダ --against このファイル で、巻戻しと書換えを調べられます。",
		"Keep the lines below, or print them: with sekisho vault verify DIR --against FILE they tell later whether the vault was rolled back or written anew.")
	m.Digest = append(m.Digest, "")
	m.Digest = append(m.Digest, strings.Split(strings.TrimSuffix(a.Note, "\n"), "\n")...)
	return m, nil
}

// sums is what was received of all sources.
type sums struct{ offered, sealed, rejected, lost int64 }

// receivedSince sums up the hours since then. It returns how many sources sent something, and those that sent before and did not since: ten of them.
func (s *server) receivedSince(st *ServeStatus, since time.Time) (all sums, from int, silent []string) {
	came := map[string]bool{}
	for i := range st.Hours {
		c := &st.Hours[i]
		if c.Hour < since.Unix()/3600 {
			continue
		}
		all.offered, all.sealed, all.lost = all.offered+c.Offered, all.sealed+c.Sealed, all.lost+c.Lost
		for _, n := range c.Rejected {
			all.rejected += n
		}
		came[c.Source] = came[c.Source] || c.Offered > 0
	}
	for i := range st.Sources {
		switch c := &st.Sources[i]; {
		case came[c.Source]:
			from++
		case c.Offered > 0 && len(silent) < 10:
			silent = append(silent, fmt.Sprintf("%.80q", c.Source))
		}
	}
	return all, from, silent
}

// foundSince counts the new findings since then by severity.
func foundSince(path string, since time.Time) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("node: read the findings: %w", err)
	}
	defer f.Close()
	count := map[string]int{}
	in := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if bytes.Contains(line, []byte(`"new"`)) {
			var one struct {
				At       time.Time `json:"at"`
				Changed  []string  `json:"changed"`
				Severity string    `json:"severity"`
			}
			if json.Unmarshal(line, &one) == nil && !one.At.Before(since) && len(one.Changed) > 0 && one.Changed[0] == "new" {
				count[one.Severity]++
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("node: read the findings: %w", err)
		}
	}
	return fmt.Sprintf("緊急 critical %d、高 high %d、中 medium %d、低 low %d", count["critical"], count["high"], count["medium"], count["low"]), nil
}
