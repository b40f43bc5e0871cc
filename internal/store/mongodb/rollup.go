package mongodb

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.Maintainer = (*Store)(nil)

// rollup is a document of the collection rollups: how one channel was watched on one day. Where that is too much for one
// document there are several.
type rollup struct {
	ID        string        `bson:"_id"` // client/day/version/channel/part
	Version   int64         `bson:"version"`
	ChannelID int32         `bson:"channel_id"`
	Lengths   []byte        `bson:"lengths"` // of all groups together, for those who ask for no device or tariff
	Groups    []rollupGroup `bson:"groups"`
}

// rollupGroup is the sessions of one kind of device that carried one set of tariffs.
type rollupGroup struct {
	Device   string  `bson:"device"`
	Tariffs  []int32 `bson:"tariffs"` // ascending
	Sessions int64   `bson:"sessions"`
	Seconds  int64   `bson:"seconds"`
	Lengths  []byte  `bson:"lengths"` // of the sessions, see lengths.encode
}

// Maintain rolls up the days that had ended by closed; see store.Maintainer. Several processes may do so at once: they
// write the same.
func (s *Store) Maintain(ctx context.Context, closed viewing.Millis) error {
	if err := s.writable(ctx); err != nil {
		return err
	}
	if err := s.settleDays(ctx); err != nil {
		return fault(ctx, "settle days", err)
	}
	due, err := s.dueDays(ctx, closed)
	if err != nil {
		return fault(ctx, "find days to roll up", err)
	}
	for _, day := range due {
		if err := s.rollUp(ctx, day); err != nil {
			return fault(ctx, "roll up "+day.ID, err)
		}
	}
	return nil
}

// rollUp rolls the day up as it was seen, in steps that may each be the last one.
func (s *Store) rollUp(ctx context.Context, day dayState) error {
	rollups, err := s.readRollups(ctx, day)
	if err != nil {
		return err
	}
	if err := s.writeRollups(ctx, rollups); err != nil {
		return err
	}
	if done, err := s.setRolled(ctx, day, len(rollups)); err != nil || !done {
		return err
	}
	return s.sweepRollups(ctx, day)
}

// watchedSession is what rollups keep of a session.
type watchedSession struct {
	ChannelID int32   `bson:"channel_id"`
	Device    string  `bson:"device"`
	Tariffs   []int32 `bson:"tariffs"`
	Seconds   int32   `bson:"watched_seconds"`
}

// readRollups sums up the sessions of the day. They are read one by one, once: how servers group by arrays differs.
func (s *Store) readRollups(ctx context.Context, day dayState) ([]rollup, error) {
	sums := rollupSums{}
	cursor, err := s.collection(sessionsCollection).Find(ctx, bson.M{"_id": onDays(day.ClientID, day.day(), day.day())},
		options.Find().SetProjection(bson.M{"_id": 0, "channel_id": 1, "device": 1, "tariffs": 1, "watched_seconds": 1}))
	err = eachOf(ctx, cursor, err, func(w *watchedSession) error {
		sums.add(w)
		return nil
	})
	return sums.rollups(day), err
}

// rollupSums holds the groups of every channel, each under its device and tariffs.
type rollupSums map[int32]map[string]*rollupSum

type rollupSum struct {
	device  string
	tariffs []int32
	lengths lengths
}

func (r rollupSums) add(w *watchedSession) {
	tariffs := viewing.Distinct(w.Tariffs) // sets that came together in different orders are one
	name := []byte(w.Device + "/")
	for _, tariff := range tariffs {
		name = binary.BigEndian.AppendUint32(name, uint32(tariff))
	}
	groups := r[w.ChannelID]
	if groups == nil {
		groups = map[string]*rollupSum{}
		r[w.ChannelID] = groups
	}
	sum := groups[string(name)]
	if sum == nil {
		sum = &rollupSum{device: w.Device, tariffs: tariffs, lengths: lengths{}}
		groups[string(name)] = sum
	}
	sum.lengths[w.Seconds]++
}

// rollups are the documents for the day, the same ones whoever makes them of the same sessions.
func (r rollupSums) rollups(day dayState) []rollup {
	var all []rollup
	for _, channel := range slices.Sorted(maps.Keys(r)) {
		groups := r[channel]
		encoded := make([]rollupGroup, 0, len(groups))
		for _, name := range slices.Sorted(maps.Keys(groups)) {
			encoded = append(encoded, groups[name].encode())
		}
		for part, groups := range parts(encoded, partSize) {
			all = append(all, rollup{
				ID:      fmt.Sprintf("%s/%d/%d/%d", day.ID, day.Version, channel, part),
				Version: day.Version, ChannelID: channel, Lengths: together(groups), Groups: groups,
			})
		}
	}
	return all
}

func (s *rollupSum) encode() rollupGroup {
	group := rollupGroup{Device: s.device, Tariffs: s.tariffs, Lengths: s.lengths.encode()}
	for seconds, sessions := range s.lengths {
		group.Sessions += sessions
		group.Seconds += int64(seconds) * sessions
	}
	return group
}

// together is the lengths of all the groups.
func together(groups []rollupGroup) []byte {
	all := lengths{}
	for _, group := range groups {
		_ = all.add(group.Lengths, 0) // they were encoded a moment ago
	}
	return all.encode()
}

// partSize is how many bytes of groups a document holds, about; the server takes 16 MiB.
const partSize = 4 << 20

// parts cuts the groups into lists of about size bytes.
func parts(groups []rollupGroup, size int) [][]rollupGroup {
	var all [][]rollupGroup
	begun, bytes := 0, 0
	for i, group := range groups {
		bytes += 128 + len(group.Device) + 16*len(group.Tariffs) + len(group.Lengths) // with names and types of the fields
		if bytes >= size || i == len(groups)-1 {
			all = append(all, groups[begun:i+1])
			begun, bytes = i+1, 0
		}
	}
	return all
}

func (s *Store) writeRollups(ctx context.Context, rollups []rollup) error {
	models := make([]mongo.WriteModel, len(rollups))
	for i := range rollups {
		models[i] = mongo.NewReplaceOneModel().SetFilter(bson.M{"_id": rollups[i].ID}).SetReplacement(&rollups[i]).SetUpsert(true)
	}
	return bulkUpsert(ctx, s.collection(rollupsCollection), models)
}

// sweepRollups removes what was rolled up of the day under earlier versions. A reader that is at it begins anew.
func (s *Store) sweepRollups(ctx context.Context, day dayState) error {
	_, err := s.collection(rollupsCollection).DeleteMany(ctx, bson.M{
		"_id": onDays(day.ClientID, day.day(), day.day()), "version": bson.M{"$lt": day.Version},
	})
	return err
}

// dayID is the _id of the day that the rollup belongs to.
func (r *rollup) dayID() string {
	client, rest, _ := strings.Cut(r.ID, "/")
	day, _, _ := strings.Cut(rest, "/")
	return client + "/" + day
}
