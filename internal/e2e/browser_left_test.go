package e2e

import (
	"testing"

	"github.com/chromedp/cdproto/fetch"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
)

// TestConsoleEndsCallsOfPagesThatWereLeft leaves a page while its calls run, by a link and by going elsewhere.
func TestConsoleEndsCallsOfPagesThatWereLeft(t *testing.T) {
	t.Parallel()
	s := start(t)
	if _, err := oneRequest(s.Sync(rpctest.Context(t)))(&tvstatsv1.SyncRequest{ClientId: 1, Client: &tvstatsv1.Client{}}); err != nil {
		t.Fatal(err)
	}
	b := startBrowser(t, s.web)
	const most = 64 // more than a page makes
	held, ended := make(chan network.RequestID, most), make(chan network.RequestID, most)
	err := chromedp.Listen(b.ctx, func(event any) {
		switch e := event.(type) {
		case *fetch.EventRequestPaused:
			held <- e.NetworkID
		case *network.EventLoadingFailed:
			if e.Canceled {
				ended <- e.RequestID
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(b.ctx, fetch.Enable, fetch.EnableParams{Patterns: []*fetch.RequestPattern{{URLPattern: "*/tvstats.v1.Audience/*"}}}); err != nil {
		t.Fatal(err)
	}
	await := func(from <-chan network.RequestID, what string) network.RequestID {
		t.Helper()
		select {
		case id := <-from:
			return id
		case <-rpctest.Context(t).Done():
			t.Fatal(what)
			return ""
		}
	}
	wanted := func() map[network.RequestID]bool { // the ratings, and the kinds of device
		return map[network.RequestID]bool{await(held, "the page asks for nothing"): true, await(held, "the page asks for one thing"): true}
	}
	for _, leave := range []func(){
		func() { b.click(t, `nav a:nth-child(2)`) }, // to Subscribers, which asks nothing of Audience
		func() { b.dispatch(t, "pagehide") },        // by hand: the browser says nothing of a page that it only keeps
	} {
		b.navigate(t, "programmes?lang=en", 1280)
		calls := wanted()
		leave()
		for len(calls) > 0 {
			delete(calls, await(ended, "a call of a page that was left goes on"))
		}
	}
	b.dispatch(t, "pageshow")
	wanted() // once more
}

// dispatch is what the browser does when a page is kept for the way back, and when it is shown again.
func (b *browser) dispatch(t *testing.T, event string) {
	t.Helper()
	ask[bool](b, t, `dispatchEvent(new PageTransitionEvent("`+event+`", {persisted: true}))`)
}
