package mongodb

import (
	"encoding/binary"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"

	"github.com/tvstats/tvstats/internal/viewing"
)

// watchedSession is what rollups keep of a session.
type watchedSession struct {
	AccountID   int64              `bson:"account_id"`
	ChannelID   int32              `bson:"channel_id"`
	Device      string             `bson:"device"`
	Mode        string             `bson:"mode"`
	ProgrammeID int64              `bson:"programme_id"`
	Tariffs     []int32            `bson:"tariffs"`
	StartedAt   primitive.DateTime `bson:"started_at"`
	Seconds     int32              `bson:"watched_seconds"`
}

// watchedFields are the fields of a watchedSession.
var watchedFields = bson.M{
	"_id": 0, "account_id": 1, "channel_id": 1, "device": 1, "mode": 1, "programme_id": 1, "tariffs": 1, "started_at": 1, "watched_seconds": 1,
}

// summary makes the rollups of a day of its sessions, which come hour by hour. Of one hour at a time the counts are in
// memory as such, of the hours before only in the form in which they are stored, which is as long as the catalog makes it.
type summary struct {
	day      dayState
	least    int64  // sessions in an hour that is rolled up by itself
	hour     string // the present one
	groups   map[string]*groupSum
	ended    []rollupGroup // of all hours before
	accounts map[int64]struct{}
	rollups  []rollup
}

func (s *summary) add(w *watchedSession) {
	if hour := hourName(viewing.Millis(w.StartedAt)); hour != s.hour {
		s.endHour()
		s.hour, s.groups = hour, map[string]*groupSum{}
	}
	s.group(w).add(w)
	s.accounts[w.AccountID] = struct{}{}
}

// group is the sum of the group that the session belongs to.
func (s *summary) group(w *watchedSession) *groupSum {
	tariffs := viewing.Distinct(w.Tariffs) // sets that came together in different orders are one
	name := binary.BigEndian.AppendUint32([]byte(w.Device+"/"), uint32(w.ChannelID))
	for _, tariff := range tariffs {
		name = binary.BigEndian.AppendUint32(name, uint32(tariff))
	}
	sum := s.groups[string(name)]
	if sum == nil {
		sum = newGroupSum(rollupGroup{ChannelID: w.ChannelID, Device: w.Device, Tariffs: tariffs})
		s.groups[string(name)] = sum
	}
	return sum
}

func (s *summary) endHour() {
	sessions := int64(0)
	groups := make([]rollupGroup, 0, len(s.groups))
	for _, sum := range s.groups {
		sessions += sum.group.Sessions
		groups = append(groups, sum.encode())
	}
	s.ended = append(s.ended, groups...)
	if sessions >= s.least {
		s.addRollups(s.hour, groups)
	}
}

// end answers the rollups, the same ones whoever makes them of the same sessions.
func (s *summary) end() []rollup {
	s.endHour()
	s.addRollups(wholeDay, s.ended)
	s.addAccounts()
	return s.rollups
}

// accountsInPart is how many accounts a document holds; each takes 10 bytes at most, and one or two where all watch.
const accountsInPart = 1_000_000

func (s *summary) addAccounts() {
	part := 0
	for accounts := range slices.Chunk(slices.Sorted(maps.Keys(s.accounts)), accountsInPart) {
		var rows packed
		for _, account := range accounts {
			rows.add(account)
		}
		s.addRollup(part, rollup{Span: wholeDay, Kind: accountsRollup, Accounts: rows.code})
		part++
	}
}

func (s *summary) addRollups(span string, groups []rollupGroup) {
	s.addGroups(span, ofGroups, joinAlike(groups))
	s.addGroups(span, ofChannels, joinAlike(channelsOf(groups)))
}

func (s *summary) addGroups(span, of string, groups []rollupGroup) {
	for part, some := range parts(converted(groups, rollupGroup.onlyLengths), partSize) {
		s.addRollup(part, rollup{Span: span, Kind: lengthsRollup + of, Groups: some})
	}
	for part, some := range parts(converted(groups, rollupGroup.onlyEdges), partSize) {
		s.addRollup(part, rollup{Span: span, Kind: edgesRollup + of, Groups: some})
	}
}

func (s *summary) addRollup(part int, r rollup) {
	r.ID, r.Version = s.day.rollupID(r.Span, r.Kind, part), s.day.Version
	s.rollups = append(s.rollups, r)
}
