// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

// incident is one story, told in the dates of its own calendar. A drill of it may be shorter, longer or at another time of the
// year: see tempo. Its script stands in a file of its own, incident_NAME.go.
type incident struct {
	name  string
	first string // day 0 of the script's calendar, a Sunday: "2017-01-22"
	weeks int    // the calendar's length

	begins string    // the date of the intruder's first act; before it there is ordinary life only
	hours  [2]string // when he works: "16:30", "26:00"; the whole day if empty
	dull   []dull    // what is pressed first when the drill is shorter

	start    string // of the drill; empty: first
	days     int    // the drill's own length; 0: the script's
	accounts int    // the drill's own size
	least    int    // the accounts that the cast needs at least
	full     int    // the accounts at which every figure of the documents holds; see plot.scale
	peak     int    // guesses at an account on the worst day, where there is guessing

	has     []string // the systems of its institute beyond those that every one has; see systems
	deaf    []string // the variants, and groups of them, that change nothing in it
	quiet   bool     // it is the same without its attack
	verdict string   // of a drill with its attack
	write   func(p *plot)
}

// dull is a stretch of whole weeks, Sunday to Saturday, in which nothing decisive happens. A drill that is shorter than its
// script presses these first, down to so many weeks each; only then is everything pressed.
type dull struct {
	from, to string
	weeks    int
}

// incidents returns all of them, in the order in which they are listed.
func incidents() []incident {
	year := aist2018()
	pressed := year
	pressed.name, pressed.start, pressed.days, pressed.accounts, pressed.peak = AIST, "2025-06-01", 140, 400, 60
	quiet := pressed
	quiet.name, quiet.quiet = AISTQuiet, true
	return []incident{
		pressed, quiet, year,
		jaxa2023(), vpnZeroday2024(), projectWeb2021(), mirrorFace(), mailAppliance2023(), ransomwareSubsidiary(), groupShared2023(), spam2023(),
		ordinaryYear(),
	}
}

// ordinaryYear is a year of an institute that has every system, and no incident.
func ordinaryYear() incident {
	s := incident{name: "quiet", first: "2025-01-05", weeks: 52, begins: "2025-01-05", accounts: 400, least: leastAccounts, full: leastAccounts, peak: 1, quiet: true}
	for _, sys := range systems() {
		s.has = append(s.has, sys.name)
	}
	return s
}

// Names returns the drills there are.
func Names() []string {
	var names []string
	for _, s := range incidents() {
		names = append(names, s.name)
	}
	return names
}

// HasAttack says whether a drill of that name has an attack in it, unless it is left out.
func HasAttack(name string) bool {
	s, err := incidentOf(name)
	return err == nil && !s.quiet
}

func incidentOf(name string) (incident, error) {
	for _, s := range incidents() {
		if s.name == name {
			return s, nil
		}
	}
	return incident{}, unknown(phrase{"演習", "drill"}, name, Names())
}
