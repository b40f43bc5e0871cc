package e2e

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/rpc/rpctest"
	"github.com/tvstats/tvstats/internal/store/storetest"
)

// TestKill kills the server with SIGKILL at random moments while several gateways send, restarts it on the same
// directory and lets the gateways send again what was not acknowledged. At the end every report is there once: had a kill
// lost an acknowledged one, nobody would have sent it again.
func TestKill(t *testing.T) {
	t.Parallel()
	const seed, gateways, perBatch = 9, 4, 200
	kills := max(8, storetest.Rounds(20))
	r := rand.New(rand.NewPCG(seed, 4))
	dir := t.TempDir()
	started := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	sent := make([]int, gateways) // batches that were acknowledged, by gateway
	for range kills {
		server, address := startProgram(t, dir)
		acknowledged := make(chan struct{}, gateways)
		var senders sync.WaitGroup
		for g := range gateways {
			senders.Go(func() {
				sent[g] += sendUntilBroken(t, address, func(i int) *tvstatsv1.StreamEventsRequest {
					return killBatch(g, sent[g]+i, perBatch, started)
				}, acknowledged)
			})
		}
		for range 1 + r.IntN(40) {
			<-acknowledged
		}
		if err := server.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		server.Wait() //nolint:errcheck // it was killed
		go drain(acknowledged)
		senders.Wait()
		close(acknowledged)
	}
	_, address := startProgram(t, dir)
	for g := range gateways { // what was in flight at the last kill
		for i := range inFlight {
			if err := sendEvents(t.Context(), address, killBatch(g, sent[g]+i, perBatch, started).GetEvents(), perBatch); err != nil {
				t.Fatal(err)
			}
		}
	}
	response, err := tvstatsv1.NewViewStatsClient(rpctest.Connect(t, address)).CreateChannelSortingByPopularity(t.Context(),
		&tvstatsv1.CreateChannelSortingByPopularityRequest{
			ClientIds: []int32{1}, DaysNumber: 1, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_SESSIONS,
		})
	if err != nil {
		t.Fatal(err)
	}
	for g := range gateways {
		want := int64((sent[g] + inFlight) * perBatch)
		if got := sessionsOf(response.GetSortings()[0], int32(g+1)); got != want {
			t.Errorf("seed %d, gateway %d: %d sessions are stored, %d were acknowledged", seed, g, got, want)
		}
	}
	t.Logf("%d kills, %v batches of %d acknowledged", kills, sent, perBatch)
}

// inFlight is how many batches a gateway sends ahead of their acknowledgement.
const inFlight = 4

// sendUntilBroken sends batches until the stream breaks and returns how many were acknowledged.
func sendUntilBroken(t *testing.T, address string, batch func(int) *tvstatsv1.StreamEventsRequest, acknowledged chan<- struct{}) (count int) {
	err := withStream(t.Context(), address, func(stream eventSender) error {
		for i := range inFlight {
			if err := stream.Send(batch(i)); err != nil {
				return err
			}
		}
		for {
			if _, err := stream.Recv(); err != nil {
				return err
			}
			count++
			acknowledged <- struct{}{}
			if err := stream.Send(batch(count + inFlight - 1)); err != nil {
				return err
			}
		}
	})
	if err == nil {
		t.Error("the stream did not break")
	}
	return count
}

// killBatch is batch number i of a gateway: reports of sessions of their own, on the gateway's channel.
func killBatch(gateway, i, size int, started time.Time) *tvstatsv1.StreamEventsRequest {
	request := &tvstatsv1.StreamEventsRequest{BatchId: uint64(i)}
	for j := range size {
		request.Events = append(request.Events, &tvstatsv1.ViewEvent{
			ClientId: 1, AccountId: int64(i + 1), DeviceUid: fmt.Sprint("box-", j), Device: "mag250", ChannelId: int32(gateway + 1),
			StartedAt: timestamppb.New(started), At: timestamppb.New(started.Add(time.Minute)),
		})
	}
	return request
}

// startProgram runs `tvstats serve` on the data directory, with more flags, as a process of its own and returns it with the
// address of gRPC.
func startProgram(t testing.TB, dataDir string, flags ...string) (*exec.Cmd, string) {
	t.Helper()
	return startProgramAt(t, "", dataDir, flags...)
}

// startProgramAt starts the program with its clock as clockEnv has it.
func startProgramAt(t testing.TB, clock, dataDir string, flags ...string) (*exec.Cmd, string) {
	t.Helper()
	flags = append([]string{"serve", "--listen=127.0.0.1:0", "--http-listen=127.0.0.1:0", "--data-dir=" + dataDir}, flags...)
	command := programCommand(t.Context(), flags...)
	command.Env = append(command.Env, clockEnv+"="+clock)
	log, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for lines := bufio.NewScanner(log); lines.Scan(); {
		said = append(said, lines.Text())
		if _, rest, ok := strings.Cut(lines.Text(), " grpc="); ok {
			address, _, _ := strings.Cut(rest, " ")
			go io.Copy(io.Discard, log) //nolint:errcheck // until the process ends
			return command, address
		}
	}
	t.Fatalf("the server did not start: %v: %v", command.Wait(), said)
	return nil, ""
}

func sessionsOf(sorting *tvstatsv1.ChannelSorting, channel int32) int64 {
	i := slices.IndexFunc(sorting.GetChannels(), func(c *tvstatsv1.RankedChannel) bool { return c.ChannelId == channel })
	if i < 0 {
		return 0
	}
	return sorting.GetChannels()[i].WatchSessions
}

func drain(c <-chan struct{}) {
	for range c {
	}
}

// TestShutdownAcknowledges stops the server in order while gateways send: every stream ends with UNAVAILABLE, and exactly
// what was acknowledged, or more of what was sent, is there after a restart.
func TestShutdownAcknowledges(t *testing.T) {
	t.Parallel()
	server := start(t)
	started := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	acknowledged := make(chan struct{}, 1)
	outcome := make(chan int)
	go func() {
		outcome <- sendUntilBroken(t, server.address, func(i int) *tvstatsv1.StreamEventsRequest {
			return killBatch(0, i, 50, started)
		}, acknowledged)
	}()
	for range 10 {
		<-acknowledged
	}
	go drain(acknowledged)
	address := restart(t, server).address
	count := <-outcome
	close(acknowledged)
	response, err := tvstatsv1.NewViewStatsClient(rpctest.Connect(t, address)).CreateChannelSortingByPopularity(t.Context(),
		&tvstatsv1.CreateChannelSortingByPopularityRequest{
			ClientIds: []int32{1}, DaysNumber: 1, Criterion: tvstatsv1.Criterion_CRITERION_WATCH_TIME,
		})
	if err != nil {
		t.Fatal(err)
	}
	got := sessionsOf(response.GetSortings()[0], 1)
	if least, most := int64(count*50), int64((count+inFlight)*50); got < least || got > most {
		t.Errorf("%d sessions are stored; %d were acknowledged and %d sent", got, least, most)
	}
}
