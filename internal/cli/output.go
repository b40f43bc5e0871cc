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
			if err := printSorting(out, sorting, courtesy(ctx, connection, sorting.ClientId)); err != nil {
				return err
			}
		}
		return nil
	case *tvstatsv1.CreateChannelSelectionByPopularityResponse:
		return printSelection(out, r.Selection, courtesy(ctx, connection, r.Selection.ClientId))
	case *tvstatsv1.CreateEpgSelectionByPopularityResponse:
		return printSelection(out, r.Selection, courtesy(ctx, connection, r.Selection.ClientId))
	case *tvstatsv1.Job:
		_, err := fmt.Fprintln(out, r.JobId)
		return err
	default:
		return printDone(out, response)
	}
}

// printDone writes the numbers of an answer that says what was done, by their names in the contract.
func printDone(out io.Writer, response proto.Message) error {
	table := newTable(out)
	message := response.ProtoReflect()
	for fields, i := message.Descriptor().Fields(), 0; i < fields.Len(); i++ {
		name := strings.ReplaceAll(string(fields.Get(i).Name()), "_", " ")
		if !fields.Get(i).IsList() {
			fmt.Fprintf(table, "%s\t%6s\n", name, Count(message.Get(fields.Get(i)).Int()))
			continue
		}
		for _, day := range response.(*tvstatsv1.CollectDailyStatsResponse).Healed {
			fmt.Fprintf(table, "%s\tclient %d, %s\n", name, day.ClientId, day.Day)
		}
	}
	return table.Flush()
}

func printSorting(out io.Writer, s *tvstatsv1.ChannelSorting, known Names) error {
	criterion := strings.ToLower(strings.TrimPrefix(s.Criterion.String(), "CRITERION_"))
	fmt.Fprintf(out, "channel sorting %s of client %d by %s, %s\n", s.SortingId, s.ClientId, criterion,
		window(s.WindowStart, s.WindowEnd))
	return PrintChannels(out, s.Channels, len(s.Channels), known)
}

func printSelection(out io.Writer, s *tvstatsv1.Selection, known Names) error {
	fmt.Fprintf(out, "selection %s %q of client %d, %s\n", s.SelectionId, s.Name, s.ClientId, window(s.WindowStart, s.WindowEnd))
	if s.Kind == tvstatsv1.SelectionKind_SELECTION_KIND_PROGRAMMES {
		return PrintProgrammes(out, s.Programmes, known)
	}
	return PrintChannels(out, s.Channels, len(s.Channels), known)
}

func window(from, to *timestamppb.Timestamp) string {
	return from.AsTime().Format(time.RFC3339) + " to " + to.AsTime().Format(time.RFC3339)
}

// courtesy is the names of channels if they are to be had: without them ids alone are shown, since the work is done.
func courtesy(ctx context.Context, connection *grpc.ClientConn, clientID int32) Names {
	known, err := namesOf(ctx, connection, clientID)
	if err != nil {
		return nil
	}
	return known
}
