package sender_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/sender"
)

// A gateway gathers what boxes report for at most a second, and streams it.
func Example() {
	address, stop := sender.StartAccepting() // stands for a running service, for example 127.0.0.1:50051
	defer stop()
	ctx := context.Background()

	options := append(sender.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	connection, err := grpc.NewClient(address, options...)
	if err != nil {
		log.Print(err)
		return
	}
	defer func() { _ = connection.Close() }()

	reports := make(chan *tvstatsv1.ViewEvent, 10_000) // room for a burst; beyond it boxes wait
	go func() {
		defer close(reports) // the gateway shuts down
		began := time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)
		for minute := range 3 { // a box tunes in, plays, and leaves
			reports <- &tvstatsv1.ViewEvent{
				ClientId: 1, AccountId: 7, DeviceUid: "00:1a:79:00:00:07", Device: "mag250", ChannelId: 20,
				StartedAt: timestamppb.New(began), At: timestamppb.New(began.Add(time.Duration(minute) * time.Minute)),
				Ended: minute == 2,
			}
		}
	}()

	gateway := sender.New(tvstatsv1.NewViewStatsClient(connection), sender.Config{
		Acknowledged: func(events []*tvstatsv1.ViewEvent, rejected []*tvstatsv1.RejectedEvent) {
			fmt.Println(len(events), "reports are stored; a spool may forget them")
			for _, r := range rejected {
				fmt.Println("refused for good:", events[r.Index], r.Message)
			}
		},
		Broken: func(err error, retryIn time.Duration) { log.Printf("again in %s: %v", retryIn, err) },
	})
	if err := gateway.Run(ctx, sender.Gather(ctx, reports, 1000, time.Second)); err != nil {
		log.Print(err) // the service refuses this gateway
		return
	}
	tally := gateway.Tally()
	fmt.Println("accepted", tally.Accepted, "of", tally.Events())
	// Output:
	// 3 reports are stored; a spool may forget them
	// accepted 3 of 3
}
