package app

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/alecthomas/kong"

	"github.com/tvstats/tvstats/internal/flags"
	"github.com/tvstats/tvstats/internal/ingest"
	"github.com/tvstats/tvstats/internal/rpc/intercept"
	"github.com/tvstats/tvstats/internal/store/duckdb"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Config is all that an operator can set. Every flag is an environment variable too: --data-dir is TVSTATS_DATA_DIR.
type Config struct {
	Listen     string `group:"Network" default:"127.0.0.1:50051" help:"Address for gRPC, host:port; port 0 takes a free one."`
	HTTPListen string `group:"Network" name:"http-listen" default:"127.0.0.1:9464" help:"Address for /metrics, /healthz and /readyz, host:port, or off."`

	WebListen string `group:"Network" name:"web-listen" placeholder:"127.0.0.1:8080" help:"Address for the console and for HTTP with JSON, host:port, or off. Where the default is taken the service goes on without."`

	securityConfig

	DataDir       string         `group:"Store" default:"./data" help:"Directory of the embedded store, made where it is missing. One process at a time."`
	AcceptLoss    bool           `group:"Store" help:"Start although data is missing that was acknowledged, with what is left. Without it such a start is refused and says how much it is."`
	MemoryLimit   flags.ByteSize `group:"Store" default:"2GiB" help:"Memory for all queries together; what exceeds it spills into the data directory. From 128MiB."`
	RetentionDays int            `group:"Store" default:"0" help:"Days of 24 h; older viewing is refused, and removed when its whole UTC day is older. 0 keeps all, at most 36500."`

	MongoDB

	MaxSession     time.Duration  `group:"Intake" default:"24h" help:"Longest view session; reports of longer ones are refused. 1m to 168h."`
	Oldest         time.Time      `group:"Intake" default:"2000-01-01" format:"2006-01-02" help:"First UTC day whose times are accepted, YYYY-MM-DD; an event or entity with a time before it comes from a wrong clock and is refused."`
	MaxMessageSize flags.ByteSize `group:"Intake" default:"4MiB" help:"Largest message that is accepted, 64KiB to 1GiB."`
	MaxBatch       int            `group:"Intake" default:"10000" help:"View events in one message, 1 to 1000000."`
	CommitReports  int            `group:"Intake" default:"8192" help:"Reports of all streams that are made durable together, at most. 1 to 10000000."`
	CommitDelay    time.Duration  `group:"Intake" default:"10ms" help:"How long a report waits for others to be made durable with it, at most. 0s to 10s."`
	QueueReports   int            `group:"Intake" default:"200000" help:"Reports that may wait to be made durable; at the limit streams are slowed down. At least --max-batch and --commit-reports."`

	FollowedDevices int `group:"Intake" default:"500000" help:"Devices that the metrics of boxes follow, those that reported last; a device takes up to about 800 bytes. 1000 to 100000000."`

	MinCell int64 `group:"Network" default:"0" help:"Rows, places and flows with fewer distinct accounts are left out of what callers of role reader receive. 0 shows all, at most 1000000."`

	WallClients []int32 `group:"Network" placeholder:"ID" help:"Clients whose figures /metrics shows to everybody who can read it, for screens on walls: online, top channels, payments of today. Ids, comma-separated, at most 20; none by default."`

	OnlineTimeout time.Duration `group:"Dynamics" default:"5m" help:"A device whose session has not ended is online until its last report is so old. 1s to 24h."`

	intercept.Limits

	jobsConfig

	backupConfig

	StreamIdleTimeout time.Duration `group:"Lifetime" default:"15m" help:"A stream that sends nothing for so long is ended. From 1s."`
	StreamSendTimeout time.Duration `group:"Lifetime" default:"1m" help:"A stream whose responses are not read for so long is ended. From 1s."`
	DrainTimeout      time.Duration `group:"Lifetime" default:"20s" help:"At shutdown calls in progress get so long to end. From 0s."`

	LogLevel  string `group:"Log" enum:"debug,info,warn,error" default:"info" help:"One of ${enum}."`
	LogFormat string `group:"Log" enum:"text,json" default:"text" help:"One of ${enum}; to standard error."`
}

// maxAhead is how far a device's clock may be ahead of the service's.
const maxAhead = 5 * time.Minute

// DefaultConfig is what holds without any flag or environment variable.
func DefaultConfig() Config {
	var cfg Config
	if err := kong.ApplyDefaults(&cfg); err != nil {
		panic(err) // the tags above are wrong
	}
	cfg.MongoDB = MongoDB{} // its variables are read although they are no defaults
	return cfg
}

// Validate reports every value that cannot work. The command line calls it.
func (c *Config) Validate() error {
	return errors.Join(
		flags.Directory("--data-dir", c.DataDir),
		flags.Address("--listen", c.Listen),
		flags.AddressOrOff("--http-listen", c.HTTPListen),
		flags.AddressOrOff("--web-listen", c.webAddress()),
		c.securityConfig.check(c.callAddresses()),
		c.Limits.Check(),
		c.MongoDB.Check(),
		flags.Within("--memory-limit", c.MemoryLimit, 128*flags.Mebibyte, 1<<50),
		flags.Within("--retention-days", c.RetentionDays, 0, 36500),
		flags.Within("--max-session", c.MaxSession, time.Minute, 7*24*time.Hour),
		flags.Within("--max-message-size", c.MaxMessageSize, 64*flags.Kibibyte, flags.Gibibyte),
		flags.Within("--max-batch", c.MaxBatch, 1, 1_000_000),
		flags.Within("--commit-reports", c.CommitReports, 1, 10_000_000),
		flags.Within("--commit-delay", c.CommitDelay, 0, 10*time.Second),
		flags.Within("--queue-reports", c.QueueReports, max(c.MaxBatch, c.CommitReports), 100_000_000),
		flags.Within("--min-cell", c.MinCell, 0, 1_000_000),
		c.checkWall(),
		flags.Within("--followed-devices", c.FollowedDevices, 1000, 100_000_000),
		flags.Within("--online-timeout", c.OnlineTimeout, time.Second, 24*time.Hour),
		c.jobsConfig.check(),
		c.backupConfig.check(),
		flags.Within("--stream-idle-timeout", c.StreamIdleTimeout, time.Second, 365*24*time.Hour),
		flags.Within("--stream-send-timeout", c.StreamSendTimeout, time.Second, 365*24*time.Hour),
		flags.Within("--drain-timeout", c.DrainTimeout, 0, time.Hour),
	)
}

func (c *Config) storeOptions() duckdb.Options {
	return duckdb.Options{Dir: c.DataDir, MemoryLimit: fmt.Sprintf("%dB", c.MemoryLimit), AcceptLoss: c.AcceptLoss}
}

func (c *Config) retention() time.Duration { return time.Duration(c.RetentionDays) * 24 * time.Hour }

func (c *Config) oldest() viewing.Millis { return viewing.At(c.Oldest) }

func (c *Config) ingestConfig() ingest.Config {
	return ingest.Config{
		Rules: viewing.Rules{
			MaxSession: c.MaxSession,
			MaxAhead:   maxAhead,
			Retention:  c.retention(),
			Oldest:     c.oldest(),
		},
		CommitReports: c.CommitReports,
		CommitDelay:   c.CommitDelay,
		QueueReports:  c.QueueReports,
	}
}

// Logger is the log that the configuration requests, written to out.
func (c *Config) Logger(out io.Writer) *slog.Logger {
	var options slog.HandlerOptions
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err == nil { // else info; Validate has seen to it
		options.Level = level
	}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, &options))
	}
	return slog.New(slog.NewTextHandler(out, &options))
}
