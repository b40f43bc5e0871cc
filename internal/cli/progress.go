package cli

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Progress shows how far the sending of something has come: a bar on a terminal, elsewhere a line now and then. It serves
// any number of goroutines.
type Progress struct {
	out      io.Writer
	unit     string       // what is sent, in the plural
	total    int64        // at which position it is done; below 0 where it is unknown
	position func() int64 // where it is

	mu       sync.Mutex
	bar      *progressbar.ProgressBar // nil where out is no terminal
	count    int64
	began    time.Time
	nextLine time.Time
}

// lineEvery is how often there is a line where there is no bar.
const lineEvery = 5 * time.Second

// NewProgress starts to show progress on a file, usually standard error.
func NewProgress(out *os.File, unit string, total int64, position func() int64) *Progress {
	p := &Progress{out: out, unit: unit, total: total, position: position, began: time.Now()}
	p.nextLine = p.began.Add(lineEvery)
	if term.IsTerminal(int(out.Fd())) {
		p.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(30),
			progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	return p
}

// Acknowledged counts so many more that are on stable storage.
func (p *Progress) Acknowledged(count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count += int64(count)
	if p.bar != nil {
		p.bar.Describe(p.state())
		_ = p.bar.Set64(min(p.position(), p.total-1)) // a full bar would end; Close does that
		return
	}
	if now := time.Now(); now.After(p.nextLine) {
		p.nextLine = now.Add(lineEvery)
		fmt.Fprintln(p.out, p.state()+p.share())
	}
}

func (p *Progress) state() string {
	rate := float64(p.count) / max(time.Since(p.began).Seconds(), 1e-3)
	return fmt.Sprintf("%s %s acknowledged, %s/s", Count(p.count), p.unit, Count(int64(rate)))
}

func (p *Progress) share() string {
	if p.total <= 0 {
		return ""
	}
	return fmt.Sprintf(", %d %% done", 100*p.position()/p.total)
}

// Note writes a line above the bar.
func (p *Progress) Note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintf(p.out, format+"\n", args...)
}

// Close takes the bar away.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Exit()
		_ = p.bar.Clear()
	}
}

var english = message.NewPrinter(language.BritishEnglish)

// Count is a number as people read it: 1,234,567.
func Count(n int64) string { return english.Sprintf("%d", n) }
