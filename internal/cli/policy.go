package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Policy has the commands that look after how viewing is measured.
type Policy struct {
	Show policyShow `cmd:"" help:"Show how the viewing of an operator is measured, and how often that changed."`
	Set  policySet  `cmd:"" help:"Change how the viewing of an operator is measured, what is stored included."`
}

// ofClient is a command about one operator.
type ofClient struct {
	printed
	ClientID int32 `required:"" placeholder:"ID" help:"Operator whose policy it is."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *ofClient) Validate() error {
	return errors.Join(c.Connection.Validate(), flags.Within("--client-id", c.ClientID, 1, 1<<31-1))
}

type policyShow struct{ ofClient }

// Run shows the policy.
func (c *policyShow) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
		return clientByID(ctx, tvstatsv1.NewCatalogClient(to), c.ClientID)
	}, printPolicy)
}

type policySet struct {
	ofClient
	MaxSessionSeconds   *int64 `placeholder:"N" help:"A session counts for no more seconds than this; 0 is off."`
	InactivitySeconds   *int64 `placeholder:"N" help:"A session counts until so many seconds after the viewer's last known activity; 0 is off."`
	OneChannelPerDevice *bool  `negatable:"" help:"A session counts until its device tunes to something else."`
	MinSessionSeconds   *int64 `placeholder:"N" help:"Rankings leave out shorter sessions where they do not say otherwise; 0 is off."`
}

// Validate reports every flag that cannot work. The command line calls it.
func (c *policySet) Validate() error {
	err := c.ofClient.Validate()
	for flag, seconds := range map[string]*int64{
		"--max-session-seconds": c.MaxSessionSeconds, "--inactivity-seconds": c.InactivitySeconds, "--min-session-seconds": c.MinSessionSeconds,
	} {
		if seconds != nil {
			err = errors.Join(err, flags.Within(flag, *seconds, 0, viewing.MostPolicySeconds))
		}
	}
	return err
}

// Run changes what the flags say of the policy, leaves the rest as it is, and shows what came of it.
func (c *policySet) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
		catalog := tvstatsv1.NewCatalogClient(to)
		client, err := clientByID(ctx, catalog, c.ClientID)
		if err != nil {
			return nil, err
		}
		c.change(client.Policy)
		request := &tvstatsv1.SyncRequest{ClientId: c.ClientID, Client: client}
		err = Push(ctx, catalog, func(yield func(*tvstatsv1.SyncRequest) bool) { yield(request) },
			func(_ *tvstatsv1.SyncRequest, response *tvstatsv1.SyncResponse) error {
				for _, rejected := range response.Rejected {
					return errors.New(rejected.Message)
				}
				return nil
			})
		if err != nil {
			return nil, err
		}
		return clientByID(ctx, catalog, c.ClientID)
	}, printPolicy)
}

func (c *policySet) change(policy *tvstatsv1.MeasurementPolicy) {
	for _, part := range []struct{ given, to *int64 }{
		{c.MaxSessionSeconds, &policy.MaxSessionSeconds}, {c.InactivitySeconds, &policy.InactivitySeconds}, {c.MinSessionSeconds, &policy.MinSessionSeconds},
	} {
		if part.given != nil {
			*part.to = *part.given
		}
	}
	if c.OneChannelPerDevice != nil {
		policy.OneChannelPerDevice = *c.OneChannelPerDevice
	}
}

// clientByID looks for an operator among those that the caller may see.
func clientByID(ctx context.Context, catalog tvstatsv1.CatalogClient, id int32) (*tvstatsv1.Client, error) {
	request := &tvstatsv1.ListClientsRequest{}
	for {
		page, err := catalog.ListClients(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, client := range page.Clients {
			if client.ClientId == id {
				return client, nil
			}
		}
		if request.PageToken = page.NextPageToken; request.PageToken == "" {
			return nil, fmt.Errorf("the server knows no client %d, or the token does not cover it", id)
		}
	}
}

func printPolicy(out io.Writer, answer proto.Message, _ *grpc.ClientConn) error {
	client := answer.(*tvstatsv1.Client)
	table, p := newTable(out), client.Policy
	one := "off"
	if p.OneChannelPerDevice {
		one = "on"
	}
	for _, line := range [][2]string{
		{"max-session-seconds", secondsOrOff(p.MaxSessionSeconds)}, {"inactivity-seconds", secondsOrOff(p.InactivitySeconds)},
		{"one-channel-per-device", one}, {"min-session-seconds", secondsOrOff(p.MinSessionSeconds)}, {"revision", fmt.Sprint(client.PolicyRevision)},
	} {
		fmt.Fprintf(table, "%s\t%s\n", line[0], line[1])
	}
	return table.Flush()
}

func secondsOrOff(seconds int64) string {
	if seconds == 0 {
		return "off"
	}
	return fmt.Sprint(seconds)
}
