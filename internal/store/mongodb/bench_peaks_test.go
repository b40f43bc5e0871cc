package mongodb

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// BenchmarkPeaks compares the sweep on the server over a day with the plain way: to read its sessions, and to sweep over them
// here, in time and in memory of this process.
func BenchmarkPeaks(b *testing.B) {
	s := openMigrated(b)
	for part := range slices.Chunk(benchReports(*benchSessions, 24), 8192) {
		if err := s.AppendReports(b.Context(), part); err != nil {
			b.Fatal(err)
		}
	}
	want, err := s.plainPeaks(b.Context(), 1, sceneDay)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("on the server", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if got, err := s.Peaks(b.Context(), 1, sceneDay.Window()); err != nil || !reflect.DeepEqual(got, want) {
				b.Fatalf("got %+v, error %v, want %+v", got, err, want)
			}
		}
	})
	b.Run("here", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.plainPeaks(b.Context(), 1, sceneDay); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// presence is when somebody was online.
type presence struct {
	AccountID int64              `bson:"account_id"`
	DeviceUID string             `bson:"device_uid"`
	StartedAt primitive.DateTime `bson:"started_at"`
	At        primitive.DateTime `bson:"at"`
}

// plainPeaks reads all sessions of the day.
func (s *Store) plainPeaks(ctx context.Context, clientID int32, day viewing.Day) ([]store.DayPeak, error) {
	sessions, match, err := s.reaching(ctx, clientID, day.Window())
	if err != nil {
		return nil, err
	}
	on, err := find[presence](ctx, sessions, match,
		options.Find().SetProjection(bson.M{"_id": 0, "account_id": 1, "device_uid": 1, "started_at": 1, "at": 1}))
	slices.SortFunc(on, func(a, b presence) int { return cmp.Compare(a.StartedAt, b.StartedAt) })
	return []store.DayPeak{{
		Day:      day,
		Accounts: plainPeak(on, day.Window(), func(p presence) int64 { return p.AccountID }),
		Devices:  plainPeak(on, day.Window(), func(p presence) string { return p.DeviceUID }),
	}}, err
}

// plainPeak makes steps of presences, which come in the order of their beginnings, and goes along them.
func plainPeak[Who comparable](on []presence, window viewing.Window, who func(presence) Who) store.Peak {
	type step struct {
		at     viewing.Millis
		change int64
	}
	var steps []step
	ends := map[Who]viewing.Millis{}
	for _, p := range on {
		since, until := max(viewing.Millis(p.StartedAt), window.From), min(viewing.Millis(p.At), window.To)
		end, known := ends[who(p)]
		if !known || end < since {
			steps = append(steps, step{since, 1}, step{until, -1})
		} else if until > end {
			steps = append(steps, step{end, 1}, step{until, -1})
		}
		ends[who(p)] = max(end, until)
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.change, b.change)) })
	var peak store.Peak
	level := int64(0)
	for _, s := range steps {
		if level += s.change; level > peak.Count {
			peak = store.Peak{Count: level, At: s.at}
		}
	}
	return peak
}
