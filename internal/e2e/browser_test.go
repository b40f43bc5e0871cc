package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"google.golang.org/grpc/codes"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/cli"
	"github.com/tvstats/tvstats/internal/commands"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store/storetest"
)

// browser is a Chromium without a screen, and what it complained about since it was last asked.
type browser struct {
	ctx  context.Context
	home string // the only address that pages may ask

	mu         sync.Mutex
	complaints []string
}

// startBrowser starts what Debian's package chromium installs.
func startBrowser(t testing.TB, home string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed, so that nobody looks at the console")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	b := &browser{ctx: ctx, home: home}
	_, ofLog := chromedp.Call(ctx, log.Enable, cdp.Empty{})
	_, ofNetwork := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	_, ofPages := chromedp.Call(ctx, runtime.Enable, cdp.Empty{})
	if err := errors.Join(ofLog, ofNetwork, ofPages, chromedp.Listen(ctx, b.listen)); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browser) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.complain("exception: " + fmt.Sprint(e.ExceptionDetails.Text, " ", e.ExceptionDetails.Exception.Description))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			text, _ := json.Marshal(e.Args) //nolint:errchkjson // of a message for people
			b.complain("console: " + string(text))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			b.complain("log: " + e.Entry.Text + " " + e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if url := e.Request.URL; !strings.HasPrefix(url, b.home+"/") && !strings.HasPrefix(url, "data:") && !strings.HasPrefix(url, "blob:") {
			b.complain("request to elsewhere: " + url)
		}
	}
}

func (b *browser) complain(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = append(b.complaints, text)
}

func (b *browser) complained() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	complaints := b.complaints
	b.complaints = nil
	return complaints
}

// inPage does something in the page.
func inPage[T any](b *browser, t testing.TB, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`)) // only for the failure message
		t.Fatalf("%v; the page says %.1000q and complains %v", err, text, b.complained())
	}
	return result
}

// ask evaluates an expression in the page, and waits for it where it is a promise.
func ask[T any](b *browser, t testing.TB, expression string) T {
	t.Helper()
	return inPage(b, t, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// until waits until a condition holds in the page.
func (b *browser) until(t testing.TB, condition string) {
	t.Helper()
	ask[bool](b, t, `new Promise(done => { const look = () => (`+condition+`) ? done(true) : setTimeout(look, 20); look() })`)
}

// settled is true when a page has all that it asked for.
const settled = `document.querySelector("h1") !== null && document.querySelector(".loading") === null`

// open goes to a page, and waits until it has all that it asked for.
func (b *browser) open(t *testing.T, page string, width int64) {
	t.Helper()
	b.navigate(t, page, width)
	b.until(t, settled)
}

func (b *browser) navigate(t testing.TB, page string, width int64) {
	t.Helper()
	inPage(b, t, chromedp.Steps(
		chromedp.EmulateViewport(width, 900),
		chromedp.Navigate("about:blank"), // a change after # alone loads nothing
		chromedp.Navigate(b.home+"/#/"+page),
	))
}

// click clicks the first element that the selector finds.
func (b *browser) click(t *testing.T, selector string) {
	t.Helper()
	inPage(b, t, chromedp.Click(chromedp.CSS(selector)))
}

// axe is the library that finds what keeps people with disabilities out.
func axe(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("../../internal/web/node_modules/axe-core/axe.min.js")
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("axe-core is not there; `make web` fetches it")
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// check fails for whatever is wrong with the page that is open.
func (b *browser) check(t *testing.T, what, axe string) {
	t.Helper()
	overflow := ask[string](b, t, `document.documentElement.scrollWidth > document.documentElement.clientWidth ?
		[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 80)).join("\n") || "somewhere" : ""`)
	findings := ask[[]string](b, t, axe+`;axe.run().then(r => r.violations.map(v => v.id + ": " + v.nodes.map(n => n.html + " " + n.failureSummary).join("; ").slice(0, 600)))`)
	if overflow != "" {
		t.Errorf("%s is wider than the window: %s", what, overflow)
	}
	for _, finding := range append(findings, b.complained()...) {
		t.Errorf("%s: %s", what, finding)
	}
}

func (b *browser) picture(t *testing.T, name string) {
	t.Helper()
	picture := inPage(b, t, chromedp.FullScreenshot(100))
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name+".png"), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}

var consolePages = []string{"now", "subscribers", "audience", "programmes", "orders", "operation"}

// lookAt opens pages in every language, where all worlds are gone through in every width, else each time in the next.
func (b *browser) lookAt(t *testing.T, name string, pages ...string) {
	t.Helper()
	source := axe(t)
	for i, page := range pages {
		for j, language := range []string{"en", "ru"} {
			widths := []int64{360, 1280, 2560}
			if !storetest.Whole() {
				widths = widths[(i+j)%len(widths):][:1]
			}
			for _, width := range widths {
				what := fmt.Sprintf("%s-%s-%s-%d", name, page, language, width)
				b.open(t, page+"?lang="+language, width)
				b.check(t, what, source)
				b.picture(t, what)
			}
		}
	}
}

func TestConsoleOnAnEmptyStore(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := startBrowser(t, s.web)
	b.lookAt(t, "nothing", consolePages[0]) // without clients all pages are the same
	if _, err := oneRequest(s.Sync(rpctest.Context(t)))(&tvstatsv1.SyncRequest{ClientId: 1, Client: &tvstatsv1.Client{}}); err != nil {
		t.Fatal(err)
	}
	b.lookAt(t, "empty", consolePages...)
}

// hostile is what a name or title from outside may be.
const hostile = "=<img src=x onerror=alert(1)>\u202e<b>\x1b[31m</b>"

// wideFormula is a name that spreadsheets of East Asia read as a formula.
const wideFormula = "＝1+1"

// watchedWorld is a service that has seen a few boxes for some days, with an order of each kind, jobs, and two
// channels of hostile names.
func watchedWorld(t *testing.T) *testServer {
	t.Helper()
	s := start(t)
	c := &commands.SimulateCommand{Streaming: cli.Streaming{Streams: 2, Batch: 1000, RetryFor: time.Minute}, ClientID: 1, Boxes: 200, Days: 5, Seed: 5}
	world := c.World(time.Now().Add(-time.Hour)) // nothing changes while pages are looked at
	if err := c.Simulate(rpctest.Context(t), s.conn, world, nowhere(t), nowhere(t)); err != nil {
		t.Fatal(err)
	}
	channels := world.Catalog().Channels
	last, another := channels[len(channels)-1], channels[len(channels)-2] // of a picture of the best they shall be no part
	request := &tvstatsv1.SyncRequest{ClientId: 1, Channels: []*tvstatsv1.Channel{
		{ChannelId: last.ID, Name: hostile, Number: last.Number}, {ChannelId: another.ID, Name: wideFormula, Number: another.Number},
	}}
	if response, err := oneRequest(s.Sync(rpctest.Context(t)))(request); err != nil || len(response.Rejected) > 0 {
		t.Fatal(response, err)
	}
	if response, err := oneRequest(s.Sync(rpctest.Context(t)))(&tvstatsv1.SyncRequest{ClientId: 1, Payments: payments()}); err != nil || len(response.Rejected) > 0 {
		t.Fatal(response, err)
	}
	days, criterion := int32(7), tvstatsv1.Criterion_CRITERION_WATCH_TIME
	_, sorting := s.CreateChannelSortingByPopularity(rpctest.Context(t), &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: []int32{1}, DaysNumber: days, Criterion: criterion,
	})
	_, selection := s.CreateChannelSelectionByPopularity(rpctest.Context(t), &tvstatsv1.CreateChannelSelectionByPopularityRequest{
		ClientId: 1, DaysNumber: days, Criterion: criterion, SelectionName: "<i>best</i>",
	})
	_, programmes := s.CreateEpgSelectionByPopularity(rpctest.Context(t), &tvstatsv1.CreateEpgSelectionByPopularityRequest{ClientId: 1, DaysNumber: days})
	_, job := s.StartJob(rpctest.Context(t), &tvstatsv1.StartJobRequest{Command: &tvstatsv1.StartJobRequest_SaveStats{SaveStats: &tvstatsv1.SaveStatsRequest{}}})
	if err := errors.Join(sorting, selection, programmes, job); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestConsole(t *testing.T) {
	t.Parallel()
	s := watchedWorld(t)
	b := startBrowser(t, s.web)
	b.lookAt(t, "simulated", consolePages...)
	t.Run("figures", func(t *testing.T) { b.compareFigures(t, s) })
	t.Run("keyboard", b.useKeys)
	t.Run("addresses", b.openAddresses)
	t.Run("periods", func(t *testing.T) { b.comparePeriods(t, s) })
	t.Run("files", b.saveFiles)
	t.Run("audience", func(t *testing.T) { b.compareAudience(t, s) })
	t.Run("programmes", func(t *testing.T) { b.compareProgrammes(t, s) })
	t.Run("orders", func(t *testing.T) { b.useOrders(t, s) })
	t.Run("tried", func(t *testing.T) { b.tryOrders(t, s) })
	t.Run("policy", func(t *testing.T) { b.showPolicy(t, s) })
	t.Run("catalog", func(t *testing.T) { b.browseCatalog(t, s) })
	t.Run("jobs", func(t *testing.T) { b.useJobs(t, s) })
	t.Run("calendars", func(t *testing.T) { b.compareCalendars(t, s) })
}

// compareFigures reads figures off the pages and holds them to the API's.
func (b *browser) compareFigures(t *testing.T, s *testServer) {
	b.open(t, "now?lang=en", 1280)
	stats, err := s.GetStats(rpctest.Context(t), &tvstatsv1.GetStatsRequest{ClientId: 1})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]int64{
		"online_accounts": stats.Stats.OnlineAccounts, "peak_today": stats.Stats.MaxOnlineToday.GetMaxAccounts(),
		"peak_ever": stats.Stats.MaxOnlineEver.GetMaxAccounts(), "viewing_24_hours": stats.Stats.ViewingAccounts_24Hours,
		"payments_today": stats.Stats.PaymentsToday,
	} {
		if got := ask[string](b, t, `document.querySelector('[data-figure="`+id+`"]').textContent`); got != cli.Count(want) {
			t.Errorf("%s: the page says %s, the API %d", id, got, want)
		}
	}
	if stats.Stats.MaxOnlineEver.GetMaxAccounts() == 0 {
		t.Error("nothing was compared: the peak is 0")
	}
	b.open(t, "subscribers?lang=en", 1280)
	today := time.Now().UTC().Format(time.DateOnly)
	days, err := s.GetMaxOnline(rpctest.Context(t), &tvstatsv1.GetMaxOnlineRequest{ClientId: 1, FromDay: today, ToDay: today})
	if err != nil {
		t.Fatal(err)
	}
	cells := ask[[]string](b, t, `[...document.querySelector('[role=group][aria-label="Greatest online"] tbody tr').cells].map(c => c.textContent)`)
	want := days.Days[0]
	if file := b.csv(t, "Greatest online"); !strings.Contains(file, fmt.Sprintf("\r\n%s,%d,%d,", today, want.MaxAccounts, want.MaxDevices)) {
		t.Errorf("the file is %q, the API says %v", file, want)
	}
	if cells[1] != cli.Count(want.MaxAccounts) || cells[2] != cli.Count(want.MaxDevices) {
		t.Errorf("the page says %v, the API %v", cells, want)
	}
}

// useKeys gets to the content and to another page without a mouse.
func (b *browser) useKeys(t *testing.T) {
	b.open(t, "now?lang=en", 1280)
	inPage(b, t, chromedp.KeyEvent(kb.Tab+kb.Enter))
	b.until(t, `document.activeElement.id === "content"`)
	inPage(b, t, chromedp.Focus(chromedp.CSS(`nav a:nth-child(2)`)))
	inPage(b, t, chromedp.KeyEvent(kb.Enter))
	b.until(t, `document.title.startsWith("Subscribers") && `+settled)
}

// useOrders builds an order, reads it, and deletes it, as an editor does.
func (b *browser) useOrders(t *testing.T, s *testServer) {
	b.open(t, "orders?lang=en", 1280)
	b.click(t, `form:has(input[name="days"]) button.main`)
	b.until(t, `location.hash.includes("order=sorting.") && document.querySelector(".places table") !== null && `+settled)
	key := ask[string](b, t, `new URLSearchParams(location.hash.split("?")[1]).get("order")`)
	first := ask[[]string](b, t, `[...document.querySelector(".places tbody tr").cells].map(c => c.textContent)`)
	built, err := s.GetChannelSorting(rpctest.Context(t), &tvstatsv1.GetChannelSortingRequest{SortingId: strings.TrimPrefix(key, "sorting.")})
	if err != nil {
		t.Fatal(err)
	}
	if best := built.Sorting.Channels[0]; first[2] != fmt.Sprint(best.ChannelId) || first[5] != cli.Count(best.WatchSessions) {
		t.Errorf("the page says %v, the API %v", first, best)
	}
	names := ask[[]string](b, t, `[...document.querySelectorAll("main bdi")].map(e => e.textContent)`)
	harmless := strings.NewReplacer("\u202e", "\ufffd", "\x1b", "\ufffd").Replace(hostile)
	if !slices.Contains(names, harmless) {
		t.Errorf("the hostile name is not shown as text: %q", names)
	}
	if file := b.csv(t, "Sorting of channels: Watch time"); !strings.Contains(file, ",'"+harmless+",") ||
		!strings.Contains(file, ",'"+wideFormula+",") || strings.Count(file, "\r\n") != 1+len(built.Sorting.Channels) {
		t.Errorf("the file is %q", file)
	}
	wantText(t, b.workbook(t, "Sorting of channels: Watch time"), strings.ReplaceAll(harmless, "\ufffd", "")) // of which its writer makes nothing
	b.check(t, "an order", axe(t))
	b.picture(t, "order")
	b.click(t, `button[aria-label^="Delete "]`)
	b.click(t, `dialog[open] button.main`)
	b.until(t, `!location.hash.includes("order=") && document.querySelector("dialog") === null && `+settled)
	_, err = s.GetChannelSorting(rpctest.Context(t), &tvstatsv1.GetChannelSortingRequest{SortingId: built.Sorting.SortingId})
	rpctest.WantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

// useJobs starts a job, and sees it end.
func (b *browser) useJobs(t *testing.T, s *testServer) {
	b.open(t, "operation?lang=en", 1280)
	b.click(t, `form:has(select[name="command"]) button.main`)
	b.until(t, `[...document.querySelectorAll("tr")].some(r => r.textContent.startsWith("CacheMaxOnline") && r.querySelector(".state-3"))`)
	list, err := s.ListJobs(rpctest.Context(t), &tvstatsv1.ListJobsRequest{ClientId: 1})
	if err != nil || list.Jobs[0].Method != "CacheMaxOnline" || !slices.Equal(list.Jobs[0].ClientIds, []int32{1}) {
		t.Errorf("got %v, %v", list, err)
	}
}

// TestConsoleAsksForAToken where the service needs one, and keeps it in the tab alone.
func TestConsoleAsksForAToken(t *testing.T) {
	t.Parallel()
	g := startGuarded(t)
	for _, client := range []int32{1, 2} {
		request := &tvstatsv1.SyncRequest{ClientId: client, Client: &tvstatsv1.Client{Name: fmt.Sprintf("Operator %d", client)}}
		if _, err := oneRequest(g.Sync(g.as(t, "operator")))(request); err != nil {
			t.Fatal(err)
		}
	}
	b := startBrowser(t, g.web)
	b.open(t, "now?lang=en&client=1", 1280)
	b.complained() // that calls without a token are refused is in the browser's log
	b.check(t, "the token's form", axe(t))
	inPage(b, t, chromedp.SendKeys(chromedp.CSS(`input[name="token"]`), g.tokens[stranger]))
	b.click(t, `form:has(input[name="token"]) button.main`)
	b.until(t, `document.querySelector("[data-figure]") !== null && `+settled)
	stored, local := ask[int](b, t, `sessionStorage.length`), ask[int](b, t, `localStorage.length + document.cookie.length`)
	text := ask[string](b, t, `document.body.innerText + location.href`)
	if stored != 1 || local != 0 || strings.Contains(text, g.tokens[stranger]) {
		t.Errorf("the tab keeps %d, the browser %d, the page says %q", stored, local, text)
	}
	if strings.Contains(text, "Operator 1") || !strings.Contains(text, "Operator 2") { // the address names client 1
		t.Errorf("the page of another tenant says %q", text)
	}
	b.click(t, `nav a[href*="operation"]`)
	b.until(t, `document.title.startsWith("Operation") && `+settled)
	b.complained() // that it may not see the status is in the browser's log
	if text := ask[string](b, t, `document.querySelector("main").innerText`); strings.Count(text, "is shown to tokens of the role operator") != 2 {
		t.Errorf("the page that a backend may not see all of says %q", text)
	}
	b.check(t, "the page Operation of a backend", axe(t))
}
