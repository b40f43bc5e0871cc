package mongodb_test

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"testing"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/options"
	"go.mongodb.org/mongo-driver/x/mongo/driver/connstring"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store/mongodb/mongotest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// TestNothingIsLeftOfAnErasedAccount looks into every document of every collection.
func TestNothingIsLeftOfAnErasedAccount(t *testing.T) {
	t.Parallel()
	const account, uid, noon = int64(0x5a17_c0de_1dea_77f3), "one of a kind", viewing.Millis(1_700_049_600_000)
	uri := mongotest.URI(t)
	migrate(t, uri)
	s := open(t, uri)
	defer s.Close() //nolint:errcheck // nothing depends on it
	report := viewing.Report{
		Identity: viewing.Identity{ClientID: 1, AccountID: account, DeviceUID: uid, Device: "mag250", ChannelID: 1, Mode: viewing.Live, StartedAt: noon},
		State:    viewing.State{At: noon + 60_000, WatchedSeconds: 60},
	}
	batch := catalog.Batch{
		ClientID: 1, Accounts: []catalog.Account{{ID: account, ChangedAt: noon, Active: true, Tariffs: []int32{7}}},
		Payments: []catalog.Payment{{ID: 1, AccountID: account, Currency: "EUR", PaidAt: noon}},
	}
	if err := s.AppendReports(t.Context(), []viewing.Report{report}); err != nil {
		t.Fatal(err)
	}
	if err := s.ApplyCatalog(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if err := s.Maintain(t.Context(), noon+9*viewing.DayLength); err != nil {
		t.Fatal(err)
	}
	traces := [][]byte{
		[]byte(uid), strconv.AppendInt(nil, account, 10), binary.LittleEndian.AppendUint64(nil, uint64(account)), binary.AppendVarint(nil, account),
	}
	if documentsWith(t, uri, traces) < 4 {
		t.Fatal("the test does not see what it looks for")
	}
	if _, err := s.EraseAccount(t.Context(), 1, account); err != nil {
		t.Fatal(err)
	}
	if got := documentsWith(t, uri, traces); got != 0 {
		t.Errorf("%d documents are left", got)
	}
}

// documentsWith counts the documents of the database with any of the traces.
func documentsWith(t *testing.T, uri string, traces [][]byte) (found int) {
	t.Helper()
	ctx := t.Context()
	client, err := mongo.Connect(ctx, options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Disconnect(ctx) //nolint:errcheck // nothing was written
	parsed, err := connstring.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	db := client.Database(parsed.Database)
	names, err := db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		cursor, err := db.Collection(name).Find(ctx, bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		for cursor.Next(ctx) {
			for _, trace := range traces {
				if bytes.Contains(cursor.Current, trace) {
					found++
					break
				}
			}
		}
		if err := cursor.Err(); err != nil {
			t.Fatal(err)
		}
	}
	return found
}
