package cli

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// viewed is which viewing counts, for all three builders.
type viewed struct {
	DaysNumber      int32    `name:"days_number" required:"" placeholder:"DAYS" help:"Length of the window in days of 24 hours, 1 to 3660."`
	Devices         []string `placeholder:"DEVICE" help:"Only viewing on these kinds of device, for example mag250; as a comma list or repeated. All by default."`
	Tariffs         []int32  `placeholder:"ID" help:"Only sessions that carry any of these tariffs; as a comma list or repeated. All by default."`
	MinWatchSeconds int64    `name:"min_watch_seconds" placeholder:"SECONDS" help:"Leave out sessions that were watched for less."`
	Modes           []mode   `placeholder:"MODE" help:"Only sessions of these modes: live, catchup, timeshift; as a comma list or repeated. All by default."`
	ReachSeconds    int64    `name:"reach_seconds" placeholder:"SECONDS" help:"How long an account must have watched to be reached; 180 by default."`
	MinAccounts     int64    `name:"min_accounts" placeholder:"N" help:"Places with fewer accounts come last and say low base."`
	DryRun          onOff    `name:"dry_run" help:"Store nothing, and print what would be stored."`
	CompareTo       string   `name:"compare_to" placeholder:"RESULT" help:"Id of an earlier result of the same kind: each place then says where it was."`
}

// ranked is what rankings of channels have besides.
type ranked struct {
	Criterion      criterion `required:"" help:"What to rank by: ${criteria}."`
	AccountsActive onOff     `name:"accounts_active" help:"Only sessions of accounts that are active now; alone, or true or false."`
}

// selected is how the two commands that make a selection keep it.
type selected struct {
	SelectionSize int32  `name:"selection_size" placeholder:"N" help:"How many items to hold, 1 to 10000; 17 by default."`
	SelectionName string `name:"selection_name" aliases:"election_name" placeholder:"NAME" help:"Name of the selection; by default made of days and size, for example \"30 (17)\"."`
}

type channelSorting struct {
	ClientID []int32 `name:"client_id" required:"" placeholder:"ID" help:"Operators to build a sorting for; as a comma list or repeated."`
	viewed
	ranked
	management
}

// Run builds sortings.
func (c *channelSorting) Run(ctx context.Context) error {
	request := &tvstatsv1.CreateChannelSortingByPopularityRequest{
		ClientIds: c.ClientID, DaysNumber: c.DaysNumber, Criterion: c.Criterion.Criterion, Devices: c.Devices,
		Tariffs: c.Tariffs, AccountsActive: bool(c.AccountsActive), MinWatchSeconds: c.MinWatchSeconds, AsOf: c.AsOf.proto,
		Modes: modesOf(c.Modes), ReachSeconds: c.ReachSeconds, MinAccounts: c.MinAccounts, DryRun: bool(c.DryRun), CompareTo: c.CompareTo,
	}
	return c.run(ctx, work{
		now: func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
			return tvstatsv1.NewViewStatsClient(to).CreateChannelSortingByPopularity(ctx, request)
		},
		job: &tvstatsv1.StartJobRequest{Command: &tvstatsv1.StartJobRequest_CreateChannelSortingByPopularity{
			CreateChannelSortingByPopularity: request,
		}},
	})
}

type channelSelection struct {
	ClientID int32 `name:"client_id" required:"" placeholder:"ID" help:"Operator to build the selection for."`
	viewed
	ranked
	selected
	management
}

// Run builds a selection of channels.
func (c *channelSelection) Run(ctx context.Context) error {
	request := &tvstatsv1.CreateChannelSelectionByPopularityRequest{
		ClientId: c.ClientID, DaysNumber: c.DaysNumber, Criterion: c.Criterion.Criterion, Devices: c.Devices,
		Tariffs: c.Tariffs, AccountsActive: bool(c.AccountsActive), SelectionSize: c.SelectionSize,
		SelectionName: c.SelectionName, MinWatchSeconds: c.MinWatchSeconds, AsOf: c.AsOf.proto,
		Modes: modesOf(c.Modes), ReachSeconds: c.ReachSeconds, MinAccounts: c.MinAccounts, DryRun: bool(c.DryRun), CompareTo: c.CompareTo,
	}
	return c.run(ctx, work{
		now: func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
			return tvstatsv1.NewViewStatsClient(to).CreateChannelSelectionByPopularity(ctx, request)
		},
		job: &tvstatsv1.StartJobRequest{Command: &tvstatsv1.StartJobRequest_CreateChannelSelectionByPopularity{
			CreateChannelSelectionByPopularity: request,
		}},
	})
}

type epgSelection struct {
	ClientID int32 `name:"client_id" required:"" placeholder:"ID" help:"Operator to build the selection for."`
	viewed
	Criterion  criterion `help:"What to rank by: watch_time (or watch), the default, watch_sessions, reach, average_audience."`
	Categories []int32   `placeholder:"ID" help:"Only programmes on channels of these categories; as a comma list or repeated. All by default."`
	Channels   []int32   `placeholder:"ID" help:"Only programmes on these channels; as a comma list or repeated. All by default."`
	selected
	management
}

// Run builds a selection of programmes.
func (c *epgSelection) Run(ctx context.Context) error {
	request := &tvstatsv1.CreateEpgSelectionByPopularityRequest{
		ClientId: c.ClientID, DaysNumber: c.DaysNumber, Devices: c.Devices, Tariffs: c.Tariffs, Categories: c.Categories,
		Channels: c.Channels, SelectionSize: c.SelectionSize, SelectionName: c.SelectionName,
		MinWatchSeconds: c.MinWatchSeconds, AsOf: c.AsOf.proto, Criterion: c.Criterion.Criterion,
		Modes: modesOf(c.Modes), ReachSeconds: c.ReachSeconds, MinAccounts: c.MinAccounts, DryRun: bool(c.DryRun), CompareTo: c.CompareTo,
	}
	return c.run(ctx, work{
		now: func(ctx context.Context, to *grpc.ClientConn) (proto.Message, error) {
			return tvstatsv1.NewViewStatsClient(to).CreateEpgSelectionByPopularity(ctx, request)
		},
		job: &tvstatsv1.StartJobRequest{Command: &tvstatsv1.StartJobRequest_CreateEpgSelectionByPopularity{
			CreateEpgSelectionByPopularity: request,
		}},
	})
}
