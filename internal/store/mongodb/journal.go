package mongodb

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/viewing"
)

// The collection reports is the journal of intake: reports of one client and day as they came, many in a document, which is
// all that an acknowledgement waits for. A device tells of a session again and again; what it told is merged here, before
// sessions are written (fold.go), so that a session is written about once and not as often as it is told of.

// journalEntry is a document of the journal.
type journalEntry struct {
	ID        string    `bson:"_id"` // client/day/a number that nobody else gives
	ClientID  int32     `bson:"client_id"`
	WrittenAt time.Time `bson:"written_at"`
	Count     int       `bson:"count"`   // of reports
	Reports   string    `bson:"reports"` // a line each (line.go); left out where only the entry's name is needed
}

// reportsPerEntry keeps an entry below the 16 MiB that the server takes, however many tariffs its reports carry.
const reportsPerEntry = 1000

// appendEntries writes the reports into the journal.
func (s *Store) appendEntries(ctx context.Context, reports []viewing.Report) ([]journalEntry, error) {
	byDay := map[string][]viewing.Report{}
	for _, r := range reports {
		day := dayID(r.ClientID, r.StartedAt.Day())
		byDay[day] = append(byDay[day], r)
	}
	var entries []journalEntry
	for day, reports := range byDay {
		for some := range slices.Chunk(reports, reportsPerEntry) {
			entries = append(entries, newEntry(day, some))
		}
	}
	documents := converted(entries, func(e journalEntry) any { return e })
	_, err := s.collection(reportsCollection).InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
	return entries, err
}

func newEntry(day string, reports []viewing.Report) journalEntry {
	body := make([]byte, 0, 160*len(reports))
	for i := range reports {
		body = appendLine(body, &reports[i])
	}
	return journalEntry{
		ID: day + "/" + primitive.NewObjectID().Hex(), ClientID: reports[0].ClientID, WrittenAt: time.Now(), Count: len(reports),
		Reports: string(body),
	}
}

// lines are the reports of the entry.
func (e *journalEntry) lines() ([]viewing.Report, error) {
	reports := make([]viewing.Report, 0, e.Count)
	for line := range strings.Lines(e.Reports) {
		report, err := parseLine(e.ClientID, strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, err
		}
		reports = append(reports, report)
	}
	return reports, nil
}

// backlog names what this process wrote into the journal and did not fold since. A reader may have folded it meanwhile.
type backlog struct {
	mu      sync.Mutex
	entries []journalEntry // without their reports, the oldest first
	reports int
}

func (b *backlog) add(entries []journalEntry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range entries {
		e.Reports = ""
		b.entries = append(b.entries, e)
		b.reports += e.Count
	}
}

// putBack adds what was taken and could not be folded.
func (b *backlog) putBack(taken []journalEntry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.entries = slices.Concat(taken, b.entries)
	for _, e := range taken {
		b.reports += e.Count
	}
}

// takeDue answers all and forgets it, if there are more reports than most, or the oldest was written before the instant.
func (b *backlog) takeDue(most int, before time.Time) []journalEntry {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.entries) == 0 || b.reports <= most && !b.entries[0].WrittenAt.Before(before) {
		return nil
	}
	return b.takeOldest(b.reports)
}

// takeExcess answers the oldest entries, of some reports together, and forgets them, if there are more reports than most.
func (b *backlog) takeExcess(most, some int) []journalEntry {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.reports <= most {
		return nil
	}
	return b.takeOldest(some)
}

// takeOldest takes entries until they hold as many reports, while the caller has the lock.
func (b *backlog) takeOldest(reports int) []journalEntry {
	n := 0
	for ; n < len(b.entries) && reports > 0; n++ {
		reports -= b.entries[n].Count
		b.reports -= b.entries[n].Count
	}
	taken := b.entries[:n]
	b.entries = b.entries[n:]
	return taken
}
