// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"fmt"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

func replicaFinding(name string) string { return "F-replica-" + shortSum(name) }

// stands says whether such a finding was told and not withdrawn.
func (t *teller) stands(id string) told {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stand[id] {
		return toldBehind
	}
	return toldNothing
}

// replica keeps that a replica does not follow, or is not the vault's history, as a finding; and takes it back once it follows.
func (t *teller) replica(o *ReplicaStatus) {
	now := time.Now()
	one := &Told{ID: replicaFinding(o.Name), At: cases.At(now), Detector: "replica-behind", First: cases.At(now), Last: cases.At(now), Replica: o.Name, Changed: []string{"new"}, Final: true}
	severity := event.High
	switch {
	case o.Problem == "":
		one.Changed, one.Withdrawn = []string{"withdrawn"}, true
		one.Title = event.Words{Ja: "複製「" + o.Name + "」は再び追いつきました", En: "The replica " + o.Name + " follows again"}
		one.Explanation = event.Words{Ja: fmt.Sprintf("%d ブロックまで複製しました。", o.Blocks), En: fmt.Sprintf("It holds all %d blocks.", o.Blocks)}
	case o.Other:
		severity = event.Critical
		one.Detector = "replica-differs"
		one.Title = event.Words{Ja: "保管庫と複製「" + o.Name + "」の履歴が食い違っています", En: "The vault and its replica " + o.Name + " hold different histories"}
		one.Explanation = event.Words{Ja: fmt.Sprintf("どちらかが巻き戻されたか、書き換えられました（%s）。複製には何も書いていません。両方を保全し、sekisho vault verify 保管庫 --against %s で調べてください。", o.Problem, o.Path),
			En: fmt.Sprintf("One of the two was rolled back or written anew (%s). Nothing was written to the replica. Keep both as they are, and compare: sekisho vault verify DIR --against %s.", o.Problem, o.Path)}
	default:
		one.First = cases.At(o.Since)
		one.Title = event.Words{Ja: "複製「" + o.Name + "」が保管庫に追いついていません", En: "The replica " + o.Name + " does not follow the vault"}
		one.Explanation = event.Words{Ja: fmt.Sprintf("%s から複製できていません（%s）。この間に封緘した記録は、保管庫のあるマシンだけにあります。誰かが複製先を外していないか、マウントと空き容量を確かめてください。戻れば自動で追いつきます。", o.Since.Format(time.RFC3339), o.Problem),
			En: fmt.Sprintf("Nothing was copied since %s (%s). What was sealed since then is on the vault's machine alone. See whether somebody took it away, whether it is mounted and has room. Once it is back, it catches up by itself.", o.Since.Format(time.RFC3339), o.Problem)}
	}
	one.Severity = severity.String()
	t.mu.Lock()
	defer t.mu.Unlock()
	one.Revision = t.told[one.ID] + 1
	if one.Revision > 1 && !one.Withdrawn {
		one.Changed = []string{"back"}
	}
	if err := t.keep(one, severity); err != nil {
		t.s.log.Error("that a replica does not follow was not kept", "replica", o.Name, "error", err)
		return
	}
	t.stand[one.ID] = !one.Withdrawn
}

// replicaMetrics writes how far replicas follow.
func replicaMetrics(b *bytes.Buffer, all []ReplicaStatus, head func(name, kind, help string)) {
	if len(all) == 0 {
		return
	}
	for _, m := range []struct {
		name, kind, help string
		of               func(*ReplicaStatus) int64
	}{
		{"sekisho_replica_blocks", "gauge", "Blocks that a replica's checkpoint covers.", func(r *ReplicaStatus) int64 { return r.Blocks }},
		{"sekisho_replica_behind_blocks", "gauge", "Signed blocks that a replica does not hold.", func(r *ReplicaStatus) int64 { return r.Behind }},
		{"sekisho_replica_current_seconds", "gauge", "When a replica last held all that was signed, in Unix time; 0: not known.", func(r *ReplicaStatus) int64 { return max(r.At.Unix(), 0) }},
		{"sekisho_replica_failing", "gauge", "1 if the last run to a replica failed, or does not go on.", func(r *ReplicaStatus) int64 { return oneIf(r.Problem != "") }},
		{"sekisho_replica_differs", "gauge", "1 if a replica and the vault hold different histories.", func(r *ReplicaStatus) int64 { return oneIf(r.Other) }},
		{"sekisho_replica_shrank_total", "counter", "Runs that found fewer blocks in a replica than were left there.", func(r *ReplicaStatus) int64 { return r.Shrank }},
	} {
		head(m.name, m.kind, m.help)
		for i := range all {
			fmt.Fprintf(b, "%s{replica=%q} %d\n", m.name, all[i].Name, m.of(&all[i]))
		}
	}
}

func oneIf(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
