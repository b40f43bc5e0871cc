package mongodb

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/event"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/store/mongodb/mongotest"
	"github.com/tvstats/tvstats/internal/viewing"
)

// explained are the commands whose plans are looked at, in the form that explain takes.
var explained = []string{"find", "aggregate", "update", "delete", "findAndModify"}

// TestEveryQueryHasAnIndex listens to what each method says to the server, and has the server explain how it finds the
// documents: never by going through a whole collection.
func TestEveryQueryHasAnIndex(t *testing.T) {
	t.Parallel()
	settings, database, err := Options{URI: mongotest.URI(t)}.settings()
	if err != nil {
		t.Fatal(err)
	}
	said := &commands{}
	s, err := connect(t.Context(), settings.SetMonitor(&event.CommandMonitor{Started: said.add}), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // the test is over
	if err := s.Migrate(t.Context(), false, func(string) {}); err != nil {
		t.Fatal(err)
	}
	err = s.db.RunCommand(t.Context(), bson.D{{Key: "explain", Value: bson.M{"find": sessionsCollection}}}).Err()
	if err != nil {
		t.Skipf("this server does not explain: %v", err)
	}
	said.all = nil
	useEverything(t, s)
	for _, command := range said.all {
		var plan bson.Raw
		if err := s.db.RunCommand(t.Context(), bson.D{{Key: "explain", Value: command}}).Decode(&plan); err != nil {
			t.Errorf("explain %v: %v", command, err)
		}
		if strings.Contains(plan.String(), `"COLLSCAN"`) {
			t.Errorf("%v goes through the whole collection: %v", command, plan)
		}
	}
}

// commands gathers what is said to a server.
type commands struct {
	mu  sync.Mutex
	all []bson.D
}

// add keeps the part of the command that explain takes: what concerns the session and the answer is left out.
func (c *commands) add(_ context.Context, e *event.CommandStartedEvent) {
	var command, kept bson.D
	if err := bson.Unmarshal(e.Command, &command); err != nil || len(command) == 0 {
		return
	}
	for _, field := range command {
		switch field.Key {
		case "lsid", "$db", "$clusterTime", "txnNumber", "readConcern", "writeConcern", "$readPreference":
		default:
			kept = append(kept, field)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range explained {
		if command[0].Key == name {
			c.all = append(c.all, kept)
		}
	}
}

// useEverything calls the methods of all roles that look for documents.
func useEverything(t *testing.T, s *Store) {
	t.Helper()
	ctx, day := t.Context(), sceneDay.Window()
	boundaries := []viewing.Millis{day.From, day.From + 1, day.To}
	report := viewing.Report{Identity: viewing.Identity{
		ClientID: 1, AccountID: 1, DeviceUID: "box", Device: "mag250", ChannelID: 1, Mode: viewing.Live, StartedAt: day.From,
	}, State: viewing.State{At: day.From + 1000, WatchedSeconds: 1}}
	filter := viewing.Filter{ClientID: 1, Window: day, Devices: []string{"mag250"}, Tariffs: []int32{1}}
	active := filter
	active.ActiveOnly = true
	programme := catalog.Programme{ID: 1, ChannelID: 1, Start: day.From, End: day.To}
	for name, err := range map[string]error{
		"ApplyCatalog": s.ApplyCatalog(ctx, catalog.Batch{
			ClientID: 1, Programmes: []catalog.Programme{programme}, Channels: []catalog.Channel{{ID: 1}},
			Accounts: []catalog.Account{{ID: 1, Active: true, ChangedAt: day.From}}, Payments: []catalog.Payment{{ID: 1, PaidAt: day.From}},
		}),
		"AppendReports":    s.AppendReports(ctx, []viewing.Report{report}),
		"StampTariffs":     s.StampTariffs(ctx, []viewing.Report{report}),
		"ChannelWatch":     second(s.ChannelWatch(ctx, filter)),
		"of active":        second(s.ChannelWatch(ctx, active)),
		"ProgrammeWatch":   second(s.ProgrammeWatch(ctx, filter, store.ChannelSet{}, 1)),
		"LatestProgrammes": second(s.LatestProgrammes(ctx, 1, day, store.ChannelSet{Only: []int32{1}}, 1)),
		"Clients":          second(s.Clients(ctx)),
		"Channels":         second(s.Channels(ctx, 1)),
		"Tariffs":          second(s.Tariffs(ctx, 1)),
		"Categories":       second(s.Categories(ctx, 1)),
		"Programmes":       second(s.Programmes(ctx, store.ProgrammeQuery{ClientID: 1, Starting: day, After: &programme, Limit: 1})),
		"Account":          second(s.Account(ctx, 1, 1)),
		"Results":          second(s.Results(ctx, store.ResultQuery{ClientID: 1, Kinds: []store.Kind{1}, After: &store.ResultKey{}, Limit: 1})),
		"Jobs":             second(s.Jobs(ctx, store.JobQuery{ClientID: 1, After: &store.ResultKey{}, Limit: 1})),
		"CreateJob":        s.CreateJob(ctx, store.Job{ID: "job"}),
		"QueuedJobs":       second(s.QueuedJobs(ctx)),
		"LeaseJob":         second(s.LeaseJob(ctx, 1, store.Lease{Owner: "a", Until: 2})),
		"DeleteJobs":       s.DeleteJobs(ctx, 1),
		"Figures":          second(s.Figures(ctx, store.Snapshot, 1, day)),
		"Beginning":        second(s.Beginning(ctx, 1)),
		"Peaks":            second(s.Peaks(ctx, 1, day)),
		"Online":           second(s.Online(ctx, 1, day.To, time.Minute)),
		"Audience":         second(s.Audience(ctx, 1, day.To)),
		"WatchByPeriod":    second(s.WatchByPeriod(ctx, 1, boundaries)),
		"ActiveByTariff":   second(s.ActiveByTariff(ctx, 1, boundaries)),
		"PaymentsByPeriod": second(s.PaymentsByPeriod(ctx, 1, boundaries)),
		"Maintain":         s.Maintain(ctx, day.To),
		"EraseAccount":     second(s.EraseAccount(ctx, 1, 2)),
		"ExpireViewing":    s.ExpireViewing(ctx, day.From),
		"EachSession":      s.EachSession(ctx, 1, func(viewing.Report) error { return nil }),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }
