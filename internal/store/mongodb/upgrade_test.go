package mongodb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestUpgradeFromVersion1 makes a database as version 1 left it and migrates it, at first only to be interrupted at each
// step. Then all rankings must be right, before and after days are rolled up, and nothing of version 1 be left.
func TestUpgradeFromVersion1(t *testing.T) {
	t.Parallel()
	s := openMigrated(t)
	const seed, days = 5, 3
	r := rand.New(rand.NewPCG(seed, 1))
	var reports []viewing.Report
	for account := range int64(300) {
		reports = append(reports, randomSession(r, account+1, days))
	}
	downgrade(t, s, reports)
	if err := s.CheckSchema(t.Context()); !errors.Is(err, store.ErrOldSchema) {
		t.Fatalf("version 1 is %v", err)
	}
	// As a step that ended in the middle would: some sessions have both _ids, some only the new one.
	if err := s.upsertSessions(t.Context(), reports[:200]); err != nil {
		t.Fatal(err)
	}
	if _, err := s.collection(sessionsCollection).DeleteOne(t.Context(), bson.M{"_id": oldID(&reports[0])}); err != nil {
		t.Fatal(err)
	}
	interrupted(t, s)
	if err := s.Migrate(t.Context(), false, func(string) {}); err != nil {
		t.Fatal(err)
	}
	checkUpgraded(t, s, reports)
	bounds := randomBounds(r, days)
	for i := range 40 {
		if i == 20 {
			if err := s.Maintain(t.Context(), (sceneDay + days).Start()); err != nil {
				t.Fatal(err)
			}
		}
		filter := randomFilter(r, bounds)
		if got, want := ranking(t, s, filter), fmt.Sprint(plainly(chosen(reports, filter, nil))); got != want {
			t.Errorf("seed %d, %+v:\n got %s\nwant %s", seed, filter, got, want)
		}
	}
}

// downgrade fills the empty database with the sessions as version 1 did.
func downgrade(t *testing.T, s *Store, reports []viewing.Report) {
	t.Helper()
	var sessions, days []any
	for i := range reports {
		r := &reports[i]
		sessions = append(sessions, bson.M{
			"_id": oldID(r), "client_id": r.ClientID, "account_id": r.AccountID, "device_uid": r.DeviceUID, "device": r.Device,
			"channel_id": r.ChannelID, "mode": modes[r.Mode], "programme_id": r.ProgrammeID, "started_at": date(r.StartedAt),
			"at": date(r.At), "watched_seconds": r.WatchedSeconds, "ended": r.Ended, "tariffs": append([]int32{}, r.Tariffs...),
		})
	}
	for day := range viewing.Day(3) {
		id := dayID(1, sceneDay+day)
		days = append(days, bson.M{
			"_id": id, "client_id": int32(1), "day": date((sceneDay + day).Start()), "version": int64(7), "writing": 0, "rolled": true, "parts": 1,
		})
		rollup := bson.M{"_id": id + "/7/1/0", "version": int64(7), "channel_id": 1, "lengths": []byte{1, 1}, "groups": bson.A{}}
		if _, err := s.collection(rollupsCollection).InsertOne(t.Context(), rollup); err != nil {
			t.Fatal(err)
		}
	}
	_, err1 := s.collection(sessionsCollection).InsertMany(t.Context(), sessions)
	_, err2 := s.collection(daysCollection).InsertMany(t.Context(), days)
	_, err3 := s.collection(sessionsCollection).Indexes().DropOne(t.Context(), "client_account_started")
	_, err4 := s.collection(schemaCollection).UpdateOne(t.Context(), bson.M{"_id": schemaID}, bson.M{"$set": bson.M{"version": 1}})
	_, err5 := s.collection(accountsCollection).Indexes().CreateOne(t.Context(), mongo.IndexModel{
		Keys: keys("client_id", "active", "account_id"), Options: options.Index().SetName("client_active"),
	})
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	s.usable.Store(false)
}

// oldID is an _id of a session in version 1; its last part stands for a digest.
func oldID(r *viewing.Report) string {
	return fmt.Sprintf("%s/%d", dayID(r.ClientID, r.StartedAt.Day()), r.AccountID)
}

// interrupted migrates, step for step, and is interrupted at the beginning of each of them.
func interrupted(t *testing.T, s *Store) {
	t.Helper()
	var steps []string
	if err := s.Migrate(t.Context(), true, func(step string) { steps = append(steps, step) }); err != nil || len(steps) < 4 {
		t.Fatalf("steps %q: %v", steps, err)
	}
	for _, step := range steps {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Migrate(ctx, false, func(next string) {
			if next == step {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("interrupted at %q it ends with %v", step, err)
		}
		cancel()
	}
}

// checkUpgraded looks for what version 1 left and version 2 adds.
func checkUpgraded(t *testing.T, s *Store, reports []viewing.Report) {
	t.Helper()
	ctx := t.Context()
	ids := converted(reports, func(r viewing.Report) string { return sessionID(&r.Identity) })
	named, err := s.collection(sessionsCollection).CountDocuments(ctx, bson.M{"_id": bson.M{"$in": ids}})
	if err != nil || named != int64(len(reports)) {
		t.Errorf("%d of %d sessions have their _id: %v", named, len(reports), err)
	}
	var sessions []viewing.Report
	err = s.EachSession(ctx, 1, func(r viewing.Report) error {
		sessions = append(sessions, r)
		return nil
	})
	slices.SortFunc(sessions, func(a, b viewing.Report) int { return cmp.Compare(a.AccountID, b.AccountID) })
	if got, want := fmt.Sprint(sessions), fmt.Sprint(reports); err != nil || got != want {
		t.Errorf("the sessions are, %v,\n%s\nand were\n%s", err, got, want)
	}
	if rollups, err := s.collection(rollupsCollection).CountDocuments(ctx, bson.M{}); err != nil || rollups != 0 {
		t.Errorf("%d rollups are left: %v", rollups, err)
	}
	names, err := indexNames(ctx, s.collection(sessionsCollection))
	if err != nil || !slices.Contains(names, "client_account_started") {
		t.Errorf("indexes %v: %v", names, err)
	}
	names, err = indexNames(ctx, s.collection(accountsCollection))
	if err != nil || slices.Contains(names, "client_active") {
		t.Errorf("indexes %v: %v", names, err)
	}
	if err := s.CheckSchema(ctx); err != nil {
		t.Error(err)
	}
}
