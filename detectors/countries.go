// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"math"
	"sort"
)

// country is about where a country lies: its middle, and how far it reaches from there in kilometres, generously.
type country struct {
	code              string
	lat, lon, reaches float64
}

// countries are those from which people log in, in order of code. What is missing is not compared.
var countries = [...]country{
	{"AD", 42.5, 1.6, 20}, {"AE", 24, 54, 250}, {"AF", 33, 66, 500}, {"AL", 41, 20, 120}, {"AM", 40, 45, 130}, {"AO", -12.5, 18.5, 700},
	{"AR", -34, -64, 1500}, {"AT", 47.5, 14, 280}, {"AU", -25, 134, 2000}, {"AZ", 40.5, 47.5, 200}, {"BA", 44, 18, 150}, {"BD", 24, 90, 250},
	{"BE", 50.8, 4.5, 130}, {"BG", 43, 25, 230}, {"BH", 26, 50.5, 30}, {"BN", 4.5, 114.7, 60}, {"BO", -17, -65, 650}, {"BR", -10, -53, 2000},
	{"BT", 27.5, 90.5, 140}, {"BY", 53.5, 28, 300}, {"CA", 56, -96, 2600}, {"CH", 47, 8, 170}, {"CI", 7.5, -5.5, 350}, {"CL", -33, -71, 1900},
	{"CM", 6, 12, 500}, {"CN", 35, 103, 2300}, {"CO", 4, -73, 700}, {"CR", 10, -84, 170}, {"CU", 21.5, -79, 500}, {"CY", 35, 33, 90},
	{"CZ", 49.8, 15.5, 230}, {"DE", 51, 10, 430}, {"DK", 56, 10, 220}, {"DO", 19, -70.5, 160}, {"DZ", 28, 3, 1000}, {"EC", -1.5, -78.5, 350},
	{"EE", 59, 26, 150}, {"EG", 27, 30, 650}, {"ES", 40, -4, 550}, {"ET", 9, 39.5, 700}, {"FI", 64, 26, 600}, {"FR", 46.5, 2.5, 550},
	{"GB", 54, -2.5, 500}, {"GE", 42, 43.5, 200}, {"GH", 8, -1, 320}, {"GR", 39, 22, 350}, {"GT", 15.5, -90.3, 200}, {"HK", 22.3, 114.2, 30},
	{"HN", 15, -86.5, 220}, {"HR", 45.2, 15.5, 230}, {"HU", 47, 19.5, 230}, {"ID", -2, 118, 2400}, {"IE", 53, -8, 220}, {"IL", 31.5, 35, 200},
	{"IN", 22, 79, 1500}, {"IQ", 33, 44, 450}, {"IR", 32, 53, 1000}, {"IS", 65, -18, 270}, {"IT", 42.5, 12.5, 600}, {"JM", 18.1, -77.3, 90},
	{"JO", 31, 36, 230}, {"JP", 36, 138, 1200}, {"KE", 0.5, 38, 500}, {"KG", 41.5, 75, 400}, {"KH", 12.5, 105, 270}, {"KP", 40, 127, 320},
	{"KR", 36.5, 128, 280}, {"KW", 29.3, 47.6, 90}, {"KZ", 48, 67, 1400}, {"LA", 18, 105, 450}, {"LB", 33.9, 35.9, 100}, {"LI", 47.2, 9.5, 15},
	{"LK", 7.5, 80.7, 200}, {"LT", 55.3, 24, 180}, {"LU", 49.8, 6.1, 40}, {"LV", 57, 25, 200}, {"LY", 27, 17, 850}, {"MA", 32, -6, 600},
	{"MC", 43.7, 7.4, 5}, {"MD", 47, 29, 180}, {"ME", 42.8, 19.3, 90}, {"MG", -19, 47, 700}, {"MK", 41.6, 21.7, 100}, {"MM", 21, 96, 800},
	{"MN", 46.5, 104, 1100}, {"MO", 22.2, 113.5, 10}, {"MT", 35.9, 14.4, 20}, {"MU", -20.3, 57.6, 40}, {"MX", 23.5, -102, 1300}, {"MY", 4, 109.5, 1000},
	{"MZ", -18, 35, 900}, {"NA", -22, 17, 650}, {"NG", 9.5, 8, 600}, {"NI", 13, -85, 230}, {"NL", 52.2, 5.5, 170}, {"NO", 64, 12, 850},
	{"NP", 28.3, 84, 400}, {"NZ", -41, 173, 800}, {"OM", 21, 57, 450}, {"PA", 8.5, -80, 300}, {"PE", -9.5, -75, 850}, {"PG", -6.5, 145, 600},
	{"PH", 12, 122.5, 800}, {"PK", 30, 69.5, 750}, {"PL", 52, 19.3, 350}, {"PR", 18.2, -66.5, 80}, {"PT", 39.6, -8, 300}, {"PY", -23.3, -58, 450},
	{"QA", 25.3, 51.2, 80}, {"RO", 46, 25, 350}, {"RS", 44, 21, 230}, {"RU", 60, 90, 3500}, {"RW", -2, 30, 100}, {"SA", 24, 45, 1000},
	{"SE", 62, 16, 750}, {"SG", 1.3, 103.8, 25}, {"SI", 46.1, 14.8, 110}, {"SK", 48.7, 19.5, 200}, {"SN", 14.5, -14.5, 280}, {"SV", 13.7, -88.9, 110},
	{"SY", 35, 38, 330}, {"TH", 15, 101, 750}, {"TJ", 38.8, 71, 300}, {"TN", 34, 9.5, 350}, {"TR", 39, 35, 700}, {"TW", 23.7, 121, 200},
	{"TZ", -6.5, 35, 600}, {"UA", 49, 31.5, 600}, {"UG", 1.3, 32.3, 300}, {"US", 39, -98, 2500}, {"UY", -33, -56, 260}, {"UZ", 41.5, 64, 650},
	{"VE", 7, -66, 700}, {"VN", 16.5, 107, 850}, {"YE", 15.5, 47.5, 450}, {"ZA", -29, 25, 800}, {"ZM", -13.5, 28, 600}, {"ZW", -19, 29.5, 400},
}

func countryOf(code string) (country, bool) {
	i := sort.Search(len(countries), func(i int) bool { return countries[i].code >= code })
	if i < len(countries) && countries[i].code == code {
		return countries[i], true
	}
	return country{}, false
}

// apart returns the least distance in kilometres between two countries, nought for neighbours; false where one is not known.
func apart(a, b string) (float64, bool) {
	p, ok := countryOf(a)
	q, also := countryOf(b)
	if !ok || !also {
		return 0, false
	}
	const earth, rad = 6371, math.Pi / 180
	dLat, dLon := (q.lat-p.lat)*rad, (q.lon-p.lon)*rad
	h := math.Sin(dLat/2)*math.Sin(dLat/2) + math.Cos(p.lat*rad)*math.Cos(q.lat*rad)*math.Sin(dLon/2)*math.Sin(dLon/2)
	return math.Max(0, 2*earth*math.Asin(math.Min(1, math.Sqrt(h)))-p.reaches-q.reaches), true
}
