package mongodb

import (
	"maps"
	"slices"

	"github.com/tvstats/tvstats/internal/viewing"
)

// counts counts sessions by a number, and adds up an amount of theirs: by slot of time, and how many milliseconds later than
// the slot they began or ended; or by programme, and their seconds.
type counts map[int64]count

type count struct {
	sessions, amount int64
}

// add counts sessions, or takes them away.
func (c counts) add(number, sessions, amount int64) {
	sum := count{c[number].sessions + sessions, c[number].amount + amount}
	if c[number] = sum; sum == (count{}) {
		delete(c, number)
	}
}

// addAt adds, where numbers are slots of a width, sessions that between them came so many milliseconds after the instant.
// No slot ends between the instant and the last of them.
func (c counts) addAt(at, width viewing.Millis, sessions, after int64) {
	slot := at / width
	if at%width < 0 {
		slot--
	}
	c.add(int64(slot), sessions, after+int64(at-slot*width)*sessions)
}

// encode packs the counts.
func (c counts) encode() []byte {
	var rows packed
	for _, number := range slices.Sorted(maps.Keys(c)) {
		rows.add(number, c[number].sessions, c[number].amount)
	}
	return rows.code
}

// addEncoded adds what was encoded.
func (c counts) addEncoded(code []byte) error {
	return unpack(code, 3, func(row []int64) { c.add(row[0], row[1], row[2]) })
}

// addMinutes adds what was encoded, where that is by minutes, to slots of a width of minutes.
func (c counts) addMinutes(code []byte, width viewing.Millis) error {
	return unpack(code, 3, func(row []int64) { c.addAt(viewing.Millis(row[0])*minute, width, row[1], row[2]) })
}
