// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Bounds of the drawn path: more stands in the table below it.
const (
	maxNodes = 28
	maxEdges = 48
)

// node is one box of the path.
type node struct {
	name   event.Words
	detail event.Words
	class  string
	column int
	y      float64
}

// edge is one move between two boxes; several equal ones are drawn once.
type edge struct {
	from, to  string
	number    int // in order of time
	at        cases.Time
	technique string
	certainty cases.Certainty
}

// drawPath draws where the intruder came from and how he went on: left to right, moves numbered in order of time.
// Addresses that made the same move are one box.
func drawPath(d *Data, a axis, lang Lang, style string) ([]byte, error) {
	nodes, order, edges, more := graph(d.Case)
	columns := 0
	for _, id := range order {
		columns = max(columns, nodes[id].column+1)
	}
	const rowH, top = 64.0, 30.0
	count := make([]int, columns)
	for _, id := range order {
		count[nodes[id].column]++
	}
	rows := slices.Max(append(count, 1))
	c := newCanvas("path", lang, top+float64(rows)*rowH)
	g := grid{w: 150, h: 40}
	g.step = (figureWidth - 16 - g.w) / float64(max(columns-1, 1))
	next := make([]float64, columns)
	for i := range next {
		next[i] = top + (float64(rows)-float64(count[i]))*rowH/2
	}
	for _, id := range order {
		n := nodes[id]
		n.y = next[n.column]
		next[n.column] += rowH
	}
	curves := make([]curve, len(edges))
	for i := range edges {
		k, direction := g.course(nodes[edges[i].from], nodes[edges[i].to])
		curves[i] = k
		drawEdge(c, &edges[i], k, direction)
	}
	for _, id := range order {
		n := nodes[id]
		c.raw("<rect").attr("x", g.x(n)).attr("y", n.y).attr("width", g.w).attr("height", g.h).attr("rx", 6).raw(` class="box `).raw(n.class).raw("\"/>\n")
		if n.detail == (event.Words{}) {
			c.text(g.x(n)+g.w/2, n.y+24, "box-name middle", n.name)
			continue
		}
		c.text(g.x(n)+g.w/2, n.y+17, "box-name middle", n.name)
		c.text(g.x(n)+g.w/2, n.y+32, "note middle dim", n.detail)
	}
	var taken []point
	for i := range edges { // numbers last, so that no line crosses them
		e := &edges[i]
		at := label(curves[i], taken)
		taken = append(taken, at)
		c.raw("<circle").attr("cx", at.x).attr("cy", at.y).attr("r", 9).raw(" class=\"move\"><title>")
		c.both(say("%d：%s　%s", "%d: %s  %s", e.number, a.minute(e.at), e.technique)).raw("</title></circle>\n")
		c.text(at.x, at.y+4, "move-number middle", same(comma(e.number)))
	}
	if more > 0 {
		c.text(8, 18, "note dim", say("ほか %d の移動は下の表にある", "%d more moves stand in the table below", more))
	}
	return c.finish(text("fig-path"), style), nil
}

// bend is how far an edge that goes back, or leaps over columns, is drawn aside.
func bend(f, t *node) float64 {
	switch d := t.column - f.column; {
	case d < 0:
		return 34
	case d > 1:
		return -30
	}
	return 0
}

// point is a place on the canvas.
type point struct{ x, y float64 }

// curve is a cubic Bézier curve: begin, two handles, end.
type curve [4]point

// at returns the place on the curve, 0 ≤ t ≤ 1.
func (k curve) at(t float64) point {
	u := 1 - t
	f := [4]float64{u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t}
	var p point
	for i := range k {
		p.x += f[i] * k[i].x
		p.y += f[i] * k[i].y
	}
	return p
}

// course returns the line of a move between two boxes and the direction in which its arrow points.
func (g grid) course(f, t *node) (curve, float64) {
	fx, fy, tx, ty := g.x(f)+g.w, f.y+g.h/2, g.x(t), t.y+g.h/2
	b := bend(f, t)
	switch {
	case f == t:
		return curve{{g.x(f) + g.w/2 - 16, f.y}, {g.x(f) + g.w/2 - 22, f.y - 24}, {g.x(f) + g.w/2 + 22, f.y - 24}, {g.x(f) + g.w/2 + 16, f.y}}, 0
	case f.column == t.column:
		tx = g.x(t) + g.w + 6
		return curve{{fx, fy}, {fx + 34, fy}, {tx + 34, ty}, {tx, ty}}, -1
	case t.column < f.column:
		fx, tx = g.x(f), g.x(t)+g.w+6
		return curve{{fx, fy}, {fx - 40, fy + b}, {tx + 40, ty + b}, {tx, ty}}, -1
	}
	tx -= 6
	return curve{{fx, fy}, {(fx + tx) / 2, fy + b}, {(fx + tx) / 2, ty + b}, {tx, ty}}, 1
}

// grid is where boxes stand.
type grid struct{ w, h, step float64 }

func (g grid) x(n *node) float64 { return 8 + float64(n.column)*g.step }

func drawEdge(c *canvas, e *edge, k curve, direction float64) {
	class := "edge"
	if e.certainty != cases.Confirmed && e.certainty != cases.Presumed && e.certainty != "" {
		class = "edge unsure"
	}
	p := newCanvas("", "", 0)
	p.raw("M").num(k[0].x).raw(" ").num(k[0].y).raw("C")
	for i := 1; i < 4; i++ {
		p.num(k[i].x).raw(" ").num(k[i].y).raw(" ")
	}
	c.path(p.b, class)
	if direction != 0 {
		arrow(c, k[3].x+6*direction, k[3].y, direction)
	}
}

// label returns a place on the curve for its number, off the numbers that are there already.
func label(k curve, taken []point) point {
	best, room := k.at(0.5), -1.0
	for _, t := range []float64{0.5, 0.36, 0.64, 0.25, 0.75} {
		p, near := k.at(t), 1e9
		for _, q := range taken {
			near = min(near, (p.x-q.x)*(p.x-q.x)+(p.y-q.y)*(p.y-q.y))
		}
		if near >= 20*20 {
			return p
		}
		if near > room {
			best, room = p, near
		}
	}
	return best
}

func arrow(c *canvas, x, y, direction float64) {
	p := newCanvas("", "", 0)
	p.raw("M").num(x).raw(" ").num(y).raw("l").num(-7 * direction).raw(" -4v8z")
	c.path(p.b, "arrow")
}

// graph gathers the case's steps into boxes and moves, bounded; more is how many distinct moves were left out.
func graph(c *cases.Case) (nodes map[string]*node, order []string, edges []edge, more int) {
	type move struct{ to, technique string }
	nodes = map[string]*node{}
	groups := map[move]string{} // moves that addresses made, and the box of those addresses
	members := map[string]map[string]bool{}
	seen := map[[3]string]bool{}
	lookup := map[string]*cases.Address{}
	for i := range c.Addresses {
		lookup[c.Addresses[i].IP.String()] = &c.Addresses[i]
	}
	hosts := map[string]*cases.Host{}
	for i := range c.Hosts {
		hosts[c.Hosts[i].Name] = &c.Hosts[i]
		if c.Hosts[i].IP.IsValid() {
			hosts[c.Hosts[i].IP.String()] = &c.Hosts[i]
		}
	}
	outside := func(s string) bool {
		if _, err := netip.ParseAddr(s); err != nil {
			return false
		}
		return hosts[s] == nil
	}
	add := func(id string) bool {
		if nodes[id] != nil {
			return true
		}
		if len(nodes) == maxNodes {
			return false
		}
		nodes[id] = &node{name: same(cut(visible(id, 200), 20)), class: "unknown"}
		if h := hosts[id]; h != nil {
			nodes[id].detail, nodes[id].class = h.Verdict.Words(), "host-"+hostClass(h.Verdict)
		}
		order = append(order, id)
		return true
	}
	steps := slices.Clone(c.Path)
	slices.SortStableFunc(steps, func(x, y cases.Step) int { return unknownLast(x.At, y.At) })
	for _, s := range steps {
		from := s.From
		if outside(from) {
			m := move{s.To, s.Technique}
			if groups[m] == "" {
				groups[m] = "addresses\x00" + s.To + "\x00" + s.Technique
				members[groups[m]] = map[string]bool{}
			}
			from = groups[m]
			members[from][s.From] = true
		}
		key := [3]string{from, s.To, s.Technique}
		if seen[key] {
			continue
		}
		seen[key] = true
		if len(edges) == maxEdges || !add(from) || !add(s.To) {
			more++
			continue
		}
		edges = append(edges, edge{from, s.To, len(edges) + 1, s.At, s.Technique, s.Certainty})
	}
	for id, set := range members {
		if n := nodes[id]; n != nil {
			nameAddresses(n, set, lookup)
		}
	}
	for _, id := range order {
		if n := nodes[id]; outside(id) {
			n.class, n.detail = "outside", say("外部", "outside")
			if x := lookup[id]; x != nil {
				n.detail = say("%s %s", "%s %s", x.Kind.Words(), cut(visible(x.Country, 8), 4))
			}
		}
	}
	place(nodes, order, edges)
	return nodes, order, edges, more
}

func hostClass(v cases.HostVerdict) string {
	switch v {
	case cases.HostCompromised:
		return "bad"
	case cases.HostSuspected:
		return "warn"
	}
	return "plain"
}

// nameAddresses names the box of one or more addresses that made the same move.
func nameAddresses(n *node, set map[string]bool, lookup map[string]*cases.Address) {
	n.class = "outside"
	count := map[cases.AddressKind]int{}
	for ip := range set {
		k := cases.KindUnknown
		if x := lookup[ip]; x != nil {
			k = x.Kind
		}
		count[k]++
		if len(set) == 1 {
			n.name = same(cut(ip, 20))
		}
	}
	if len(set) > 1 {
		n.name = say("%s アドレス", "%s", several(len(set), "address", "addresses"))
	}
	var ks []cases.AddressKind
	for k := range count {
		ks = append(ks, k)
	}
	slices.SortFunc(ks, func(a, b cases.AddressKind) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	n.detail = ks[0].Words()
	if len(ks) > 1 {
		n.detail = say("%s ほか", "%s and others", n.detail)
	}
}

// maxColumn keeps boxes from overlapping.
const maxColumn = 4

// place puts each box in a column: one to the right of the earliest move that reached it.
func place(nodes map[string]*node, order []string, edges []edge) {
	placed := map[string]bool{}
	for i := range edges {
		f, t := edges[i].from, edges[i].to
		placed[f] = true
		if !placed[t] {
			placed[t] = true
			nodes[t].column = min(nodes[f].column+1, maxColumn)
		}
	}
	// Within a column, boxes stand in the order of those that led to them: fewer lines cross.
	parent := map[string]string{}
	for i := range edges {
		if f, t := edges[i].from, edges[i].to; parent[t] == "" && nodes[f].column < nodes[t].column {
			parent[t] = f
		}
	}
	for column := range maxColumn + 1 {
		place := map[string]int{}
		for i, id := range order {
			place[id] = i
		}
		slices.SortStableFunc(order, func(a, b string) int {
			if nodes[a].column != nodes[b].column || nodes[a].column != column || column == 0 {
				return cmp.Compare(nodes[a].column, nodes[b].column)
			}
			return cmp.Compare(place[parent[a]], place[parent[b]])
		})
	}
}
