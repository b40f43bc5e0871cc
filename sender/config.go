package sender

import (
	"cmp"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/keepalive"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// Config bounds what a sender holds and how long it tries. The zero value serves a gateway well.
type Config struct {
	// Batches that are sent ahead of their acknowledgement, and so kept in memory; 8 where it is 0.
	InFlight int
	// About how long to wait after a stream broke, twice as long each further time up to LastRetry, scattered so that many
	// senders do not come back at once; 200 ms and 5 s where they are 0.
	FirstRetry, LastRetry time.Duration
	// An error after so long without any acknowledgement; 0 never gives up.
	GiveUp time.Duration
	// Called with each batch once it is on stable storage, in the order in which the sender took them, and with the events
	// of it that the service refused for good: now the caller may forget the batch. The sender waits for it to return.
	Acknowledged func(events []*tvstatsv1.ViewEvent, rejected []*tvstatsv1.RejectedEvent)
	// Called when a stream broke and will be tried again.
	Broken func(err error, retryIn time.Duration)
}

func (c Config) withDefaults() Config {
	c.InFlight = cmp.Or(c.InFlight, 8)
	c.FirstRetry = cmp.Or(c.FirstRetry, 200*time.Millisecond)
	c.LastRetry = cmp.Or(c.LastRetry, 5*time.Second)
	if c.Acknowledged == nil {
		c.Acknowledged = func([]*tvstatsv1.ViewEvent, []*tvstatsv1.RejectedEvent) {}
	}
	if c.Broken == nil {
		c.Broken = func(error, time.Duration) {}
	}
	return c
}

// DialOptions are what a connection needs besides credentials. It connects again as quickly as its senders do, where gRPC by
// default would not even try for up to two minutes. And it probes the service while it is silent, so that one which was
// cut off without a word is found out within a minute instead of a quarter of an hour.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 50 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 20 * time.Second}),
	}
}
