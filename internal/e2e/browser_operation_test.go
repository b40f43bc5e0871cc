package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// rows are those of the table of that name on the page that is open.
func (b *browser) rows(t *testing.T, name string) [][]string {
	t.Helper()
	return ask[[][]string](b, t, `[...document.querySelectorAll('[role=group][aria-label="`+name+`"] tbody tr')].map(r => [...r.cells].map(c => c.textContent))`)
}

// browseCatalog reads lists of the catalog off the page Operation, and looks an account up.
func (b *browser) browseCatalog(t *testing.T, s *testServer) {
	const page = "operation?lang=en&client=1&list="
	channels, err := s.ListChannels(rpctest.Context(t), &tvstatsv1.ListChannelsRequest{ClientId: 1})
	if err != nil {
		t.Fatal(err)
	}
	b.open(t, page+"channels", 1280)
	shown := b.rows(t, "Channels")
	if len(shown) != len(channels.Channels) {
		t.Fatalf("the page has %d channels, the API %d", len(shown), len(channels.Channels))
	}
	for i, want := range channels.Channels[:len(channels.Channels)-1] { // the last one has the hostile name
		if got := shown[i]; got[0] != fmt.Sprint(want.ChannelId) || got[1] != want.Name || got[2] != fmt.Sprint(want.Number) || got[4] != "yes" {
			t.Errorf("the page says %v, the API %v", got, want)
		}
	}
	second := channels.Channels[1]
	b.open(t, page+"channels&find="+url.QueryEscape(strings.ToUpper(second.Name)), 1280)
	if found := b.rows(t, "Channels"); len(found) == 0 || found[0][1] != second.Name {
		t.Errorf("of %s the page finds %v", second.Name, found)
	}
	midnight := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -1)
	guide, err := s.ListProgrammes(rpctest.Context(t), &tvstatsv1.ListProgrammesRequest{
		ClientId: 1, StartFrom: timestamppb.New(midnight), StartTo: timestamppb.New(midnight.AddDate(0, 0, 1)), PageSize: 200,
	})
	if err != nil || len(guide.Programmes) == 0 {
		t.Fatal(guide, err)
	}
	b.open(t, page+"programmes&day="+midnight.Format(time.DateOnly), 1280)
	programmes := b.rows(t, "Programmes")
	if len(programmes) != len(guide.Programmes) {
		t.Fatalf("the page has %d programmes, the API %d", len(programmes), len(guide.Programmes))
	}
	for i, want := range guide.Programmes {
		if got := programmes[i]; got[0] != fmt.Sprint(want.ProgrammeId) || got[1] != want.Title {
			t.Errorf("the page says %v, the API %v", got, want)
		}
	}
	b.lookUpAccounts(t, s, page+"account")
}

func (b *browser) lookUpAccounts(t *testing.T, s *testServer, page string) {
	t.Helper()
	const known, unknown = 77, 999_999_999
	account := &tvstatsv1.Account{AccountId: known, Active: true, Excluded: true, Tariffs: []int32{1, 999}, ChangedAt: timestamppb.New(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))}
	if _, err := oneRequest(s.Sync(rpctest.Context(t)))(&tvstatsv1.SyncRequest{ClientId: 1, Accounts: []*tvstatsv1.Account{account}}); err != nil {
		t.Fatal(err)
	}
	b.open(t, page, 1280)
	look := func(id int64) {
		t.Helper()
		ask[bool](b, t, `document.querySelector('input[name="account"]').value = "", true`)
		inPage(b, t, chromedp.SendKeys(chromedp.CSS(`input[name="account"]`), fmt.Sprint(id)))
		b.click(t, `form:has(input[name="account"]) button.main`)
	}
	look(known)
	b.until(t, `document.querySelector('[role=group][aria-label="One account"]') !== null`)
	says := map[string]string{}
	for _, row := range b.rows(t, "One account") {
		says[row[0]] = row[1]
	}
	for part, want := range map[string]string{
		"ID": "77", "Active": "yes", "Its viewing counts nowhere": "yes", "Tariffs": "Basic, #999", "In this state since (UTC)": "Mar 1, 2026, 12:00 PM",
	} {
		if got := strings.Join(strings.Fields(says[part]), " "); got != want { // the space before PM is a narrow one in some browsers
			t.Errorf("%s: the page says %q, want %q", part, got, want)
		}
	}
	b.check(t, "an account", axe(t))
	look(unknown)
	b.until(t, `document.querySelector("main").innerText.includes("Account 999999999 is unknown or deleted.")`)
	b.complained() // that a call has failed is in the browser's log
}

// TestConsoleShowsReplicas: on MongoDB the health of the log and of checkpoints is on the page too.
func TestConsoleShowsReplicas(t *testing.T) {
	t.Parallel()
	s := start(t, onMongoDB(t))
	if _, err := oneRequest(s.Sync(rpctest.Context(t)))(&tvstatsv1.SyncRequest{ClientId: 1, Client: &tvstatsv1.Client{}}); err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t, s.web)
	for _, width := range []int64{360, 1280, 2560} {
		b.open(t, "operation?lang=en", width)
		b.until(t, `document.querySelectorAll('[role=group][aria-label="Health"] tbody tr').length === 4`)
		for _, row := range b.rows(t, "Health") {
			if row[1] != "well" {
				t.Errorf("%s is %s", row[0], row[1])
			}
		}
		b.check(t, "a replica", axe(t))
	}
}

// wantSchedule holds the page's schedule to the jobs that it has started.
func (b *browser) wantSchedule(t *testing.T, ids map[string]string) {
	t.Helper()
	b.open(t, "operation?lang=en", 1280)
	shown := b.rows(t, "Schedule")
	for _, row := range shown {
		if row[2] != "succeeded" || row[3] != "1" {
			t.Errorf("the page says %v", row)
		}
	}
	if len(shown) != len(ids) {
		t.Errorf("the page has the schedule %v, the service %v", shown, ids)
	}
	if health := b.rows(t, "Health"); len(health) != 2 || health[0][1] != "well" || health[1][1] != "well" {
		t.Errorf("the service and its store are %v", health)
	}
}
