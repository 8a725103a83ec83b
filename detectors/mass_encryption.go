// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var massEncryption = detect.Spec{Name: "mass-encryption", Attack: []string{"T1486"}, New: newMassEncryption}

// Tunables of mass-encryption.
const (
	encryptFiles    = 10           // files that gave way to a copy of a new kind, by one hand
	encryptFolders  = 2            // folders in which they lay
	encryptSpan     = 120          // s in which they did
	encryptCritical = 100          // files for critical severity
	encryptLearn    = 3            // days after which a kind of file that two hands wrote on different days is known
	encryptEveryday = event.Medium // the most where the new ending is one that everyday programs write: a conversion does the same
	encryptPause    = 86400        // s without another file after which it is told as another time
	encryptPending  = 4096         // files of one hand that are watched at a time
	encryptHands    = 1 << 14      // hands that are watched at a time
	encryptKinds    = 1 << 16      // kinds of file that are known
)

// encryptions looks for one hand (an account at a machine) under which file after file disappears and a file of the same name with a new
// ending behind it stands in its place. It needs no list of endings: an ending is new if nobody had it before.
type encryptions struct {
	detect.Trace
	hands map[hand]*taking
	kinds map[uint64]*fileKind
	found map[hand]*encryption
	over  []*encryption // told, and past
	day   int32
}

type hand struct {
	who uint32
	src netip.Addr
	on  string // the host whose files they are
}

// fileKind is an ending and who wrote it.
type fileKind struct {
	first int32
	by    few
}

// taking is what one hand did in the last seconds.
type taking struct {
	from     event.Micros
	gone     map[uint64]struct{} // files that were deleted or renamed away
	come     map[uint64]arrived  // files of a kind that is not known, by what they would have been before
	folders  few
	files    int64
	everyday int64
	first    detect.Evidence
}

// arrived is a file of a kind that is not known.
type arrived struct {
	ending  string
	counted bool
}

type encryption struct {
	place    event.Place
	src      netip.Addr
	host     string
	id, name string
	ending   string
	files    int64
	everyday int64 // of them, with an ending that everyday programs write
	folders  few
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	evidence detect.Evidence
}

func newMassEncryption(detect.Site) detect.Detector {
	return &encryptions{hands: map[hand]*taking{}, kinds: map[uint64]*fileKind{}, found: map[hand]*encryption{}}
}

func (d *encryptions) Classes() detect.ClassSet { return detect.Classes(event.ClassFile) }

func (d *encryptions) Observe(s *event.Sighting) {
	if s.Outcome == event.OutcomeFailure || s.Object == "" {
		return
	}
	switch s.Activity {
	case event.ActWrite, event.ActCreate, event.ActRename, event.ActDelete, event.ActUpload:
	default:
		return
	}
	h := hand{src: s.SrcIP, on: s.DstHost}
	if s.Who != nil {
		h.who = s.Who.Handle
	}
	if d.day != s.Day {
		d.day = s.Day
		clear(d.hands)
	}
	t := d.hands[h]
	if t == nil || s.Time-t.from > encryptSpan*1e6 {
		if t == nil && len(d.hands) >= encryptHands {
			return
		}
		t = &taking{from: s.Time, gone: map[uint64]struct{}{}, come: map[uint64]arrived{}}
		d.hands[h] = t
	}
	if d.Asked(s.Who) {
		defer d.tell(s, t)
	}
	name := s.Object
	switch s.Activity {
	case event.ActDelete:
		d.leave(s, h, t, name)
	case event.ActRename:
		d.leave(s, h, t, name)
		if v, ok := s.Get("new_name"); ok {
			d.appear(s, h, t, v.Text)
		}
	default:
		d.appear(s, h, t, name)
	}
}

// leave notes that a file is gone.
func (d *encryptions) leave(s *event.Sighting, h hand, t *taking, name string) {
	k := hashWord(name)
	if a, ok := t.come[k]; ok && !a.counted {
		t.come[k] = arrived{a.ending, true}
		d.count(s, h, t, name, a.ending)
	} else if len(t.gone) < encryptPending {
		t.gone[k] = struct{}{}
	}
}

// appear notes a file of a kind that is not known. What it was before is its name without the new ending.
func (d *encryptions) appear(s *event.Sighting, h hand, t *taking, name string) {
	end := ending(name)
	if end == "" || d.known(end, s, h) {
		return
	}
	was := stem(name)
	k := hashWord(was)
	if _, ok := t.come[k]; ok || len(t.come) >= encryptPending || ending(was) == "" {
		return
	}
	_, gone := t.gone[k]
	t.come[k] = arrived{end, gone}
	if gone {
		d.count(s, h, t, name, end)
	}
}

// known says whether an ending was written before, by two hands or on a day some time ago, and remembers it.
func (d *encryptions) known(end string, s *event.Sighting, h hand) bool {
	key := hashWord(end)
	k := d.kinds[key]
	if k == nil {
		if len(d.kinds) < encryptKinds {
			k = &fileKind{first: s.Day}
			k.by.add(h.who)
			d.kinds[key] = k
		}
		return false
	}
	return k.by.add(h.who) >= 2 && s.Day > k.first || s.Day-k.first >= encryptLearn
}

// count counts a file that gave way to one with a new ending.
func (d *encryptions) count(s *event.Sighting, h hand, t *taking, name, end string) {
	t.files++
	if everydayEnding(end) {
		t.everyday++
	}
	t.folders.add(hashText(folderOf(name)))
	t.first.Add(s.Event)
	e := d.found[h]
	if e != nil && s.Time-e.last > encryptPause*1e6 && len(d.over) < encryptHands {
		d.over = append(d.over, e)
		delete(d.found, h)
		e = nil
	}
	if e == nil {
		if t.files < encryptFiles || t.folders.n < encryptFolders || len(d.found) >= encryptHands {
			return
		}
		e = &encryption{place: s.Src, src: s.SrcIP, host: s.DstHost, ending: end, first: t.from, alerted: s.Seen(), files: t.files, everyday: t.everyday, folders: t.folders, evidence: t.first}
		if s.Who != nil {
			e.id, e.name = s.Who.ID, s.Who.Name
		}
		d.found[h] = e
		e.last = s.Time
		return
	}
	e.files++
	if everydayEnding(end) {
		e.everyday++
	}
	if everydayEnding(e.ending) { // what is told is the stranger one
		e.ending = end
	}
	e.folders.add(hashText(folderOf(name)))
	e.last = s.Time
	e.evidence.Add(s.Event)
}

// everydayEnding says whether programs for everyday use write files of this kind: whoever converts or packs a whole share leaves
// such files, and an encrypting program that calls its work so can be opened by nobody's mistake for long.
func everydayEnding(end string) bool {
	switch end {
	case "doc", "docx", "odt", "rtf", "txt", "md", "pdf", "xls", "xlsx", "xlsm", "ods", "csv", "tsv", "ppt", "pptx", "odp", "jtd", "jtdc",
		"json", "xml", "html", "htm", "yaml", "yml", "parquet", "h5", "hdf5", "nc", "mat", "npy", "npz", "fits", "dat",
		"jpg", "jpeg", "png", "gif", "tif", "tiff", "bmp", "webp", "heic", "svg", "mp3", "wav", "flac", "m4a", "mp4", "mov", "avi", "mkv", "webm",
		"zip", "gz", "bz2", "xz", "zst", "7z", "rar", "lzh", "tar", "tgz", "lz4",
		"bak", "bk", "old", "orig", "org", "tmp", "part", "swp", "log", "new", "copy", "gpg", "pgp", "asc", "p7m", "p7s", "sig", "sha256", "md5":
		return true
	}
	return false
}

func base(name string) string {
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

func folderOf(name string) string { return name[:len(name)-len(base(name))] }

// ending returns what stands behind the last point of a file's name, in small letters.
func ending(name string) string {
	b := base(name)
	i := strings.LastIndexByte(b, '.')
	if i <= 0 || len(b)-i > 64 {
		return ""
	}
	return strings.ToLower(b[i+1:])
}

// stem returns a name without its ending.
func stem(name string) string {
	if end := ending(name); end != "" {
		return name[:len(name)-len(end)-1]
	}
	return name
}

func hashWord(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return h
}

func (d *encryptions) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, e := range d.over {
		out = append(out, e.finding())
	}
	for _, e := range d.found {
		out = append(out, e.finding())
	}
	return sortedFindings(out)
}

func (e *encryption) finding() event.Finding {
	f := event.Finding{
		Key: fmt.Sprintf("%s %s %s %d", e.id, e.src, e.host, e.first), Severity: event.High, First: e.first, Last: e.last, Alerted: e.alerted, Evidence: e.evidence.Refs(),
		Numbers: []event.Figure{figure("files", float64(e.files)), figure("folders", float64(e.folders.n))},
	}
	switch strange := e.files - e.everyday; {
	case strange >= encryptCritical:
		f.Severity = event.Critical
	case strange < encryptFiles:
		f.Severity = encryptEveryday
	}
	if e.id != "" {
		f.Accounts = []string{e.id}
	}
	if e.host != "" {
		f.Hosts = append(f.Hosts, e.host)
	}
	from := machineName(e.place, e.src)
	if e.src.IsValid() {
		f.Addresses = []netip.Addr{e.src}
		if e.place.Own {
			f.Hosts = append(f.Hosts, from)
		}
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("%s のファイル %d 件が次々に別の種類（.%s）へ置き換えられた", e.host, e.files, shorten(e.ending)),
		En: fmt.Sprintf("%d files on %s gave way, one after the other, to files of a new kind (.%s)", e.files, e.host, shorten(e.ending))}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s（%s）から、%d 秒以内に %d 件以上のファイルが消え、同じ名前に、これまで誰も使っていない拡張子を付けたものが現れた。ランサムウェアによる暗号化に特有の動きである。ファイル形式の一括変換でも起こりうるが、その場合は作業した人がいる。", from, e.name, encryptSpan, encryptFiles),
		En: fmt.Sprintf("From %s (%s), more than %d files disappeared within %d s and files of the same names with an ending that nobody had before came in their place. That is how ransomware encrypts. Converting many files at once can look like this; then somebody is doing it.", from, e.name, encryptFiles, encryptSpan)}
	return f
}

// shorten cuts what a stranger chose to a length that fits a title.
func shorten(s string) string {
	if len(s) > 24 {
		return s[:24] + "…"
	}
	return s
}
