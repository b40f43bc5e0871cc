package e2e

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/faultydisk"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestConsoleNow sends what boxes report at this minute, and reads the page Now: channels by how many watch them, reports a second, and
// a device that has fallen silent.
func TestConsoleNow(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := startBrowser(t, s.web)
	catalog := &tvstatsv1.SyncRequest{ClientId: 1, Channels: []*tvstatsv1.Channel{
		{ChannelId: 1, Number: 1, Name: "First"}, {ChannelId: 2, Number: 2, Name: "Second"},
	}}
	if response, err := oneRequest(s.Sync(rpctest.Context(t)))(catalog); err != nil || len(response.Rejected) > 0 {
		t.Fatal(response, err)
	}
	b.open(t, "now?lang=en", 1280)
	if !ask[bool](b, t, `document.body.textContent.includes("All is well.")`) {
		t.Error("something is not well before anything happened")
	}
	now := time.Now()
	box := func(account int64, channel int32, last time.Duration) *tvstatsv1.ViewEvent {
		return &tvstatsv1.ViewEvent{
			ClientId: 1, AccountId: account, DeviceUid: "box", Device: "mag250", ChannelId: channel,
			StartedAt: timestamppb.New(now.Add(-40 * time.Minute)), At: timestamppb.New(now.Add(-last)),
		}
	}
	stream(t, s.address, []*tvstatsv1.ViewEvent{box(1, 2, time.Second), box(2, 2, time.Second), box(3, 1, time.Second), box(4, 1, 30*time.Minute)}, 4)
	b.open(t, "now?lang=en", 1280)
	if got, want := b.rows(t, "Top channels now"), [][]string{{"Second", "2"}, {"First", "1"}}; !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("the channels are %v, want %v", got, want)
	}
	if page := ask[string](b, t, `document.body.textContent`); !strings.Contains(page, "Devices that have fallen silent: 1") ||
		!strings.Contains(page, "devices playing: 3") || strings.Contains(page, "All is well.") {
		t.Errorf("the page says %q", page)
	}
	b.until(t, `document.querySelector('[data-figure="reports_a_second"]').textContent === "0"`) // none between its first two looks
	const many = 10_000
	stream(t, s.address, rpctest.Events(many).GetEvents(), 1000)
	b.until(t, `document.querySelector('[data-figure="reports_a_second"]').textContent !== "0"`)
	shown := ask[string](b, t, `document.querySelector('[data-figure="reports_a_second"]').textContent`)
	rate, err := strconv.Atoi(strings.ReplaceAll(shown, ",", ""))
	if err != nil || rate < many/60 || rate > many {
		t.Errorf("%d reports between two looks are %d a second, %v", many, rate, err)
	}
	b.check(t, "now", axe(t))
}

// TestConsoleNowWithoutDisk: the page Now says that the store is not well when its disk cannot be written to.
func TestConsoleNowWithoutDisk(t *testing.T) {
	t.Parallel()
	p := newFaultyProgram(t)
	p.start(0)
	client := &tvstatsv1.SyncRequest{ClientId: 1, Client: &tvstatsv1.Client{}}
	if _, err := oneRequest(tvstatsv1.NewCatalogClient(rpctest.Connect(t, p.address)).Sync(rpctest.Context(t)))(client); err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t, "http://"+regexp.MustCompile(` web=(\S+)`).FindStringSubmatch(p.log.String())[1])
	b.open(t, "now?lang=en", 1280)
	p.disk(faultydisk.ReadOnly)
	ctx, stop := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	sending.Go(func() { // the program itself, unlike the engine in it, can write, and takes that for a sign that there is room again
		for ctx.Err() == nil {
			if err := sendEvents(ctx, p.address, rpctest.Events(100).GetEvents(), 100); err == nil {
				t.Error("reports were acknowledged that could not be written")
			}
		}
	})
	b.until(t, `document.body.textContent.includes("Store: not well")`)
	stop()
	sending.Wait()
	p.disk(faultydisk.Normal)
	p.end(syscall.SIGTERM)
}
