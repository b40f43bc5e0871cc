package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// printJSON writes a response as grpcurl does. protojson varies its white space on purpose, so that it is laid out anew.
func printJSON(out io.Writer, response proto.Message) error {
	text, err := protojson.Marshal(response)
	if err != nil {
		return err
	}
	var laidOut bytes.Buffer
	if err := json.Indent(&laidOut, text, "", "  "); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, laidOut.String())
	return err
}

// printResult writes a response for people. The connection is for the names of channels.
func printResult(ctx context.Context, out io.Writer, response proto.Message, connection *grpc.ClientConn) error {
	switch r := response.(type) {
	case *tvstatsv1.CreateChannelSortingByPopularityResponse:
		for _, sorting := range r.Sortings {
			if err := printSorting(out, sorting, channelNamesOrNil(ctx, connection, sorting.ClientId)); err != nil {
				return err
			}
		}
		return nil
	case *tvstatsv1.CreateChannelSelectionByPopularityResponse:
		return printSelection(out, r.Selection, channelNamesOrNil(ctx, connection, r.Selection.ClientId))
	case *tvstatsv1.CreateEpgSelectionByPopularityResponse:
		return printSelection(out, r.Selection, channelNamesOrNil(ctx, connection, r.Selection.ClientId))
	case *tvstatsv1.Job:
		_, err := fmt.Fprintln(out, r.JobId)
		return err
	default:
		return printDone(out, response)
	}
}

// printDone writes what a command of subscriber dynamics did.
func printDone(out io.Writer, response proto.Message) error {
	switch r := response.(type) {
	case *tvstatsv1.CacheMaxOnlineResponse:
		return printCounts(out, r.Clients, "days", r.DaysComputed, r.DaysFresh)
	case *tvstatsv1.SaveStatsResponse:
		return printCounts(out, r.Clients, "snapshots", r.SnapshotsComputed, r.SnapshotsFresh)
	case *tvstatsv1.CacheCustomersDynamicResponse:
		return printCounts(out, r.Clients, "hours", r.HoursComputed, r.HoursFresh)
	case *tvstatsv1.CollectDailyStatsResponse:
		for _, day := range r.Healed {
			fmt.Fprintf(out, "healed client %d, %s\n", day.ClientId, day.Day)
		}
		return printCounts(out, r.Clients, "days", r.DaysComputed, r.DaysFresh)
	default:
		return printJSON(out, response)
	}
}

func printCounts(out io.Writer, clients int32, what string, computed, fresh int32) error {
	table := newTable(out)
	fmt.Fprintf(table, "clients\t%6s\n", Count(int64(clients)))
	fmt.Fprintf(table, "%s computed\t%6s\n", what, Count(int64(computed)))
	fmt.Fprintf(table, "%s fresh\t%6s\n", what, Count(int64(fresh)))
	return table.Flush()
}

func printSorting(out io.Writer, s *tvstatsv1.ChannelSorting, known Names) error {
	criterion := strings.ToLower(strings.TrimPrefix(s.Criterion.String(), "CRITERION_"))
	fmt.Fprintf(out, "channel sorting %s of client %d by %s, %s\n", storedAs(s.SortingId), s.ClientId, criterion,
		window(s.WindowStart, s.WindowEnd))
	return PrintChannels(out, s.Channels, len(s.Channels), known)
}

func printSelection(out io.Writer, s *tvstatsv1.Selection, known Names) error {
	fmt.Fprintf(out, "selection %s %q of client %d, %s\n", storedAs(s.SelectionId), s.Name, s.ClientId, window(s.WindowStart, s.WindowEnd))
	if s.Kind == tvstatsv1.SelectionKind_SELECTION_KIND_PROGRAMMES {
		return PrintProgrammes(out, s.Programmes, known)
	}
	return PrintChannels(out, s.Channels, len(s.Channels), known)
}

// storedAs is the id of a result, if it has one.
func storedAs(id string) string {
	if id == "" {
		return "(not stored)"
	}
	return id
}

func window(from, to *timestamppb.Timestamp) string {
	return from.AsTime().Format(time.RFC3339) + " to " + to.AsTime().Format(time.RFC3339)
}

// channelNamesOrNil is the names of channels if they are to be had: without them ids alone are shown, since the work is done.
func channelNamesOrNil(ctx context.Context, connection *grpc.ClientConn, clientID int32) Names {
	known, err := namesOf(ctx, connection, clientID)
	if err != nil {
		return nil
	}
	return known
}
