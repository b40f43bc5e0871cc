package mongodb

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/bson"

	"github.com/tvstats/tvstats/internal/store/mongodb/mongotest"
)

// TestExpiryThatEndsInTheMiddle ends a process at each command in turn as it removes a day: another one removes what is left.
func TestExpiryThatEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	uri := mongotest.URI(t)
	calm := openOn(t, uri)
	sent, last := 0, 0
	var die context.CancelFunc
	dying := openSpied(t, uri, func(string, string) {
		sent++
		if sent == last {
			die()
		}
	})
	for died := true; died; {
		last++
		client := int32(last)
		c := &scene{t: t, store: calm, client: client, written: map[int64]int32{}, seen: map[string]string{}}
		c.append(calm, c.report(1, 60))
		c.must("fold", calm.foldMatching(t.Context(), bson.M{"_id": ofClient(client)}))
		c.append(calm, c.report(2, 60))
		var ctx context.Context
		ctx, die = context.WithCancel(t.Context())
		sent = 0
		err := dying.ExpireViewing(ctx, (sceneDay + 1).Start())
		die()
		if died = err != nil; died && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		c.must("expire", calm.ExpireViewing(t.Context(), (sceneDay+1).Start()))
		if left := c.count(reportsCollection) + c.count(sessionsCollection); left != 0 {
			t.Errorf("%d documents are left of a process that ended at command %d", left, last)
		}
	}
	if last < 8 {
		t.Errorf("it has sent %d commands only", last)
	}
}

// TestManySessionsGo: more than go at a time are removed, and the day is marked no more.
func TestManySessionsGo(t *testing.T) {
	t.Parallel()
	const sessions = 2*removedAtOnce + 1
	s := openMigrated(t)
	c := newScene(t, s, 1, true)
	before := c.count(sessionsCollection)
	documents := make([]any, sessions)
	for i := range documents {
		documents[i] = bson.M{"_id": fmt.Sprintf("%s/%d", hourID(1, sceneDay.Start()), i)}
	}
	_, err := s.collection(sessionsCollection).InsertMany(t.Context(), documents)
	c.must("insert", err)
	removed, err := s.removeSessions(t.Context(), bson.M{"_id": startedIn(1, sceneDay.Window())})
	if err != nil || removed != sessions+before || c.count(sessionsCollection) != 0 || c.count(rollupsCollection) != 0 {
		t.Errorf("%d sessions of %d were removed, %d and %d rollups are left: %v",
			removed, sessions+before, c.count(sessionsCollection), c.count(rollupsCollection), err)
	}
	days, err := s.dueDays(t.Context(), (sceneDay + 1).Start())
	if err != nil || len(days) != 1 {
		t.Errorf("%d days are due: %v", len(days), err)
	}
}
