// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

// Framing says how a stream of bytes is cut into records. A format declares which one its files have; intake does the
// cutting. Whatever the framing, every byte of the stream is in a record or in what stands between records.
type Framing uint8

// The framings.
const (
	// FrameLines: one record a physical line, ended by LF or CRLF. The default.
	FrameLines Framing = iota
	// FrameJSON: one record a JSON object, whether one a line, concatenated, pretty-printed over many lines, in a
	// top-level array, or in the array of a wrapper object (Graph's "value", "Records", "events", "items").
	// Text that is not JSON comes as line records, so that it is counted.
	FrameJSON
	// FrameCSV: one record a CSV record of RFC 4180, in which a quoted field may hold line ends. The header is a record too.
	FrameCSV
	// FrameXML: one record an <Event> element of a Windows export, wherever the elements stand: one a line, indented, or within
	// an <Events> element. Text that is not XML comes as line records.
	FrameXML
	// FrameEVTX: one record a record of a Windows event log file. It is binary and leans on the chunk that it lies in.
	FrameEVTX
	// FrameVC0: one record a row of a log file of Ivanti or Pulse Connect Secure as it lies on the appliance's disk.
	FrameVC0
	// FrameJournal: one record an entry of systemd's journal in its export format.
	FrameJournal
)

var framingNames = [...]string{"lines", "json", "csv", "xml", "evtx", "vc0", "journal"}

// String returns the framing's word: lines, json, csv, xml, evtx, vc0 or journal.
func (f Framing) String() string { return name(framingNames[:], int(f)) }
