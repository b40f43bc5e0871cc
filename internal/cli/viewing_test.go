package cli

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

const csvHeader = "user_id,channel_id,started_at,watched_seconds"

// writeFile makes a file for a test to read.
func writeFile(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "viewing")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func gzipped(t *testing.T, content string) string {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.WriteString(w, content)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

// readAll is what becomes of a file: its events, and what is wrong with it.
func readAll(t *testing.T, content string, called columns) (events []*tvstatsv1.ViewEvent, wrong []string) {
	t.Helper()
	in, err := openInput(writeFile(t, content))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // it was only read
	for event, err := range (eventReader{clientID: 7, device: "tv", columns: called}).events(in.Lines()) {
		if err != nil {
			wrong = append(wrong, err.Error())
			continue
		}
		events = append(events, event.event)
	}
	return events, wrong
}

// watchedSession is the one report that a row becomes.
func watchedSession(account int64, channel int32, start string, watched int64) *tvstatsv1.ViewEvent {
	began, err := time.Parse(time.RFC3339, start)
	if err != nil {
		panic(err)
	}
	return &tvstatsv1.ViewEvent{
		ClientId: 7, AccountId: account, DeviceUid: fmt.Sprintf("account-%d", account), Device: "tv", ChannelId: channel,
		StartedAt: timestamppb.New(began), At: timestamppb.New(began.Add(time.Duration(watched) * time.Second)),
		WatchedSeconds: &watched, Ended: true,
	}
}

func TestReplayReadsCSV(t *testing.T) {
	one := watchedSession(789167, 13, "2016-01-01T00:32:00Z", 58)
	whole := watchedSession(789167, 13, "2016-01-01T00:32:00Z", 58)
	whole.ClientId, whole.Device, whole.DeviceUid = 3, "mag250", "a, b"
	for name, content := range map[string]string{
		"as BrightTV has it": csvHeader + "\n789167,13,2016-01-01T00:32:00Z,58\n",
		"without last end":   csvHeader + "\n789167,13,2016-01-01T00:32:00Z,58",
		"from a spreadsheet": "\ufeff" + csvHeader + "\r\n\r\n\"789167\",13,\"2016-01-01T00:32:00Z\",58\r\n",
		"other order":        "watched_seconds, note,started_at,channel_id,user_id\n58, \"a, b\",2016-01-01T02:32:00+02:00,13,789167\n",
		"packed":             gzipped(t, csvHeader+"\n789167,13,2016-01-01T00:32:00Z,58\n"),
		"packed in parts":    gzipped(t, csvHeader+"\n789167,") + gzipped(t, "13,2016-01-01T00:32:00Z,58\n"),
		"all columns": "client_id,device_uid,device," + csvHeader +
			"\n3,\"a, b\",mag250,789167,13,2016-01-01T00:32:00Z,58\n",
		"empty columns": "client_id,device_uid,device," + csvHeader + "\n,,,789167,13,2016-01-01T00:32:00Z,58\n",
	} {
		t.Run(name, func(t *testing.T) {
			want := one
			if name == "all columns" {
				want = whole
			}
			events, wrong := readAll(t, content, nil)
			if len(wrong) > 0 || len(events) != 1 || !proto.Equal(events[0], want) {
				t.Errorf("%v, wrong %q; want %v", events, wrong, want)
			}
		})
	}
}

func TestReplayReadsJSON(t *testing.T) {
	const text = `{"accountId": "5", "channelId": 2, "startedAt": "2026-03-01T20:00:00Z", "at": "2026-03-01T20:01:00Z", "device": "ios"}`
	want := &tvstatsv1.ViewEvent{}
	if err := protojson.Unmarshal([]byte(text), want); err != nil {
		t.Fatal(err)
	}
	want.ClientId, want.DeviceUid = 7, "account-5"
	for name, content := range map[string]string{
		"plain": text + "\n\n" + text, "packed": gzipped(t, text+"\n"+text+"\n"), "marked": "\ufeff " + text + "\n" + text,
	} {
		t.Run(name, func(t *testing.T) {
			events, wrong := readAll(t, content, nil)
			if len(wrong) > 0 || len(events) != 2 || !proto.Equal(events[0], want) || !proto.Equal(events[1], want) {
				t.Errorf("%v, wrong %q; want %v twice", events, wrong, want)
			}
		})
	}
}

// TestImportReadsTheColumnsOfOthers reads one session from the files of other systems.
func TestImportReadsTheColumnsOfOthers(t *testing.T) {
	called := columns{"account_id": "subscriber", "channel_id": "ch", "started_at": "begin", "at": "end", "device": "model"}
	want := &tvstatsv1.ViewEvent{
		ClientId: 7, AccountId: 9_007_199_254_740_993, DeviceUid: "account-9007199254740993", Device: "ios", ChannelId: 2,
		StartedAt: timestamppb.New(time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)),
		At:        timestamppb.New(time.Date(2026, 3, 1, 20, 1, 0, 0, time.UTC)),
		Mode:      tvstatsv1.ViewMode_VIEW_MODE_CATCHUP, ProgrammeId: 5, Tariffs: []int32{1, 2}, Ended: true,
	}
	for name, content := range map[string]string{
		"CSV": "begin,end,ch,subscriber,model,mode,programme_id,tariffs\n" +
			"2026-03-01 20:00:00,2026-03-01T22:01:00+02:00,2,9007199254740993,ios,catchup,5,1;2\n",
		"CSV in Unix time": "begin,end,ch,subscriber,model,mode,programme_id,tariffs\n" +
			"1772395200,1772395260000,2,9007199254740993,ios,CATCHUP,5,1 2\n",
		"JSON": `{"begin": 1772395200, "end": "2026-03-01T20:01:00Z", "ch": 2, "subscriber": 9007199254740993, "model": "ios", "mode": "catchup", "programme_id": 5, "tariffs": [1, 2], "note": {"x": null}}`,
	} {
		events, wrong := readAll(t, content, called)
		if len(wrong) > 0 || len(events) != 1 || !proto.Equal(events[0], want) {
			t.Errorf("%s: %v, wrong %q; want %v", name, events, wrong, want)
		}
	}
	for content, why := range map[string]string{
		`{"begin": 1772395200, "end": 1772395260, "ch": 2}`:                                       `line 1: lacks subscriber; it names ["begin" "ch" "end"]`,
		`{"begin": 1772395200, "end": 1772395260, "ch": 2, "subscriber": 1.5}`:                    `line 1: subscriber "1.5" is no whole number of 64 bits`,
		`{"begin": 1772395200, "end": 1772395260, "ch": 2, "subscriber": 1, "mode": "recorded"}`:  `line 1: mode "recorded" is none of live, catchup, timeshift`,
		`{"begin": 1772395200, "end": 1772395260, "ch": 2, "subscriber": 1, "tariffs": ["gold"]}`: `line 1: tariffs "gold" is no whole number of 32 bits`,
		`{"begin": `:     "line 1: it is no JSON object: unexpected EOF",
		"ch,begin,end\n": `line 1: the header of the CSV lacks subscriber; it names ["ch" "begin" "end"]`,
	} {
		if events, wrong := readAll(t, content, called); len(events) > 0 || len(wrong) != 1 || wrong[0] != why {
			t.Errorf("%s: wrong %q; want %q", content, wrong, why)
		}
	}
	if err := (columns{"subscriber": "account_id"}).validate(); err == nil ||
		!strings.Contains(err.Error(), `--column: there is no field "subscriber"; there are client_id, account_id,`) {
		t.Errorf("a field that does not exist: %v", err)
	}
}

func TestReplayReportsBadLinesAndGoesOn(t *testing.T) {
	good := "\n1,2,2026-03-01T20:00:00Z,5\n"
	for bad, why := range map[string]string{
		"1,2,2026-03-01T20:00:00Z":                       "line 3: 3 fields where the header has 4",
		"x,2,2026-03-01T20:00:00Z,5":                     `line 3: user_id "x" is no whole number of 64 bits`,
		"1,3000000000,2026-03-01T20:00:00Z,5":            `line 3: channel_id "3000000000" is no whole number of 32 bits`,
		"1,2,yesterday,5":                                `line 3: started_at "yesterday" is no time such as 2016-01-01T00:32:00Z, 2016-01-01 00:32 or 01.01.2016 00:32; --time-format says how the file writes times`,
		"1,2,2026-03-01T20:00:00Z,":                      "line 3: neither watched_seconds nor at says how long it was watched",
		"1,2,2026-03-01T20:00:00Z,-5":                    `line 3: watched_seconds "-5" is negative`,
		"1,2,2026-03-01T20:00:00Z,9223372036854775807":   "line 3: the session ends after the year 9999",
		`1,2,"2026-03-01T20:00:00Z,5`:                    `line 3: column 28: extraneous or missing " in quoted-field`,
		strings.Repeat("1", maxLine) + ",2,2026-03-01,5": "line 3: it is longer than 1048576 bytes",
	} {
		events, wrong := readAll(t, csvHeader+good+bad+good, nil)
		if len(events) != 2 || len(wrong) != 1 || wrong[0] != why {
			t.Errorf("%.40q: %d events, wrong %q; want %q", bad, len(events), wrong, why)
		}
	}
}

func TestReplayNamesTheFileItCannotRead(t *testing.T) {
	packed := gzipped(t, csvHeader+"\n1,2,2026-03-01T20:00:00Z,5\n")
	for content, why := range map[string]string{
		"user_id,device,started_at\n1,2,3\n": `line 1: the header of the CSV lacks channel_id, watched_seconds; it names ["user_id" "device" "started_at"]; where it has them by other names, give --column channel_id=NAME,watched_seconds=NAME (at=NAME in place of watched_seconds for a time of the end)`,
		"\n\n[1, 2]\n":                       "line 3: it is a JSON array; write one object a line (mongoexport without --jsonArray, jq -c '.[]')",
		"\n\n1, 2\n":                         `line 3: the header of the CSV lacks account_id, channel_id, started_at, watched_seconds; it names ["1" "2"]; where it has them by other names, give --column account_id=NAME,channel_id=NAME,started_at=NAME,watched_seconds=NAME (at=NAME in place of watched_seconds for a time of the end)`,
		packed[:len(packed)-5]:               "line 3: unexpected EOF",
	} {
		if _, wrong := readAll(t, content, nil); len(wrong) != 1 || wrong[0] != why {
			t.Errorf("%.40q: wrong %q; want %q", content, wrong, why)
		}
	}
	if _, wrong := readAll(t, `{"user": 1}`, nil); len(wrong) != 1 || !strings.HasSuffix(wrong[0], `unknown field "user"; where the file has names of its own, give --column account_id=NAME and the others`) {
		t.Errorf("JSON under other names: wrong %q", wrong)
	}
	if events, wrong := readAll(t, "", nil); len(events) > 0 || len(wrong) > 0 {
		t.Errorf("an empty file has events %v, wrong %q", events, wrong)
	}
	if _, err := openInput(filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an absent file: %v", err)
	}
	if _, err := openInput(writeFile(t, "\x1f\x8b no gzip")); !errors.Is(err, gzip.ErrHeader) {
		t.Errorf("what only begins like gzip: %v", err)
	}
}

// FuzzReplayCSV reads any row under any header: an event that comes of it says what the row says, and nothing panics.
func FuzzReplayCSV(f *testing.F) {
	f.Add(csvHeader, "789167,13,2016-01-01T00:32:00Z,58")
	f.Add("client_id,device_uid,device,"+csvHeader, `3,"a ""b""",mag250,1,2,2016-01-01T00:32:00.5+02:00,0`)
	f.Add(csvHeader, `1,2,"9999-12-31T23:59:59Z",9223372036854775807`)
	f.Add("at,mode,programme_id,tariffs,"+csvHeader, `1451608320,catchup,7,1;2 3,1,2,1451608320000,0`)
	f.Fuzz(func(t *testing.T, header, row string) {
		for event := range parsed(header, row) {
			played := event.At.AsTime().Sub(event.StartedAt.AsTime())
			if !event.At.IsValid() || !event.StartedAt.IsValid() || !event.Ended || event.GetWatchedSeconds() < 0 ||
				header == csvHeader && played < 1<<62 && played != time.Duration(event.GetWatchedSeconds())*time.Second {
				t.Errorf("%q under %q became %v", row, header, event)
			}
		}
	})
}

// FuzzReplayJSON reads any line: an event that comes of it can be sent, and nothing panics.
func FuzzReplayJSON(f *testing.F) {
	f.Add(`{"accountId": "5", "channelId": 2, "startedAt": "2026-03-01T20:00:00Z", "at": "2026-03-01T20:01:00Z"}`)
	f.Add(`{"watchedSeconds": "-1", "mode": "VIEW_MODE_CATCHUP", "tariffs": [1, 2]}`)
	f.Add(`{"mode": 77, "deviceUid": "\ud800"}`)
	f.Fuzz(func(t *testing.T, text string) {
		for event := range parsed(text) {
			if _, err := proto.Marshal(event); err != nil {
				t.Errorf("%q became %v: %v", text, event, err)
			}
		}
	})
}

// parsed are the events of some lines.
func parsed(lines ...string) iter.Seq[*tvstatsv1.ViewEvent] {
	return func(yield func(*tvstatsv1.ViewEvent) bool) {
		numbered := func(yield func(line, error) bool) {
			for i, text := range lines {
				if !yield(line{i + 1, []byte(text)}, nil) {
					return
				}
			}
		}
		for event, err := range (eventReader{clientID: 7, device: "tv"}).events(numbered) {
			if err == nil && !yield(event.event) {
				return
			}
		}
	}
}

// TestViewingOfTheField reads files as other systems write them.
func TestViewingOfTheField(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	evening := func(account, watched int64) *tvstatsv1.ViewEvent {
		return watchedSession(account, 1, "2026-07-01T20:00:00Z", watched)
	}
	for name, c := range map[string]struct {
		content string
		change  func(*eventReader)
		want    []*tvstatsv1.ViewEvent
		wrong   []string
	}{
		"semicolons, and dates of two kinds": {
			content: "account_id;channel_id;started_at;watched_seconds\n11;1;2026-07-01 20:00:00;600\n12;1;01.07.2026 20:00;1200\n",
			want:    []*tvstatsv1.ViewEvent{evening(11, 600), evening(12, 1200)},
		},
		"tabs and quotes": {
			content: "account_id\tchannel_id\tstarted_at\twatched_seconds\tnote\n\"11\"\t1\t2026-07-01 20:00:00\t600\t\"a, b; c\"\n",
			want:    []*tvstatsv1.ViewEvent{evening(11, 600)},
		},
		"a delimiter that is given": {
			content: "account_id:channel_id:started_at:watched_seconds\n11:1:1782936000:600\n",
			change:  func(r *eventReader) { r.delimiter = ':' },
			want:    []*tvstatsv1.ViewEvent{evening(11, 600)},
		},
		"American dates of London": {
			content: "account_id,channel_id,started_at,watched_seconds\n11,1,07/01/2026 09:00 PM,600\n12,1,2026-07-01 21:00:00,5\n13,1,2026-07-01T20:00:00Z,6\n",
			change: func(r *eventReader) {
				flag := timeFormat{}
				if err := flag.UnmarshalText([]byte("%m/%d/%Y %I:%M %p")); err != nil {
					t.Fatal(err)
				}
				r.times = timeReader{[]string{flag.layout}, london}
			},
			want: []*tvstatsv1.ViewEvent{evening(11, 600), evening(12, 5), evening(13, 6)},
		},
		"dates that mean two days": {
			content: "account_id,channel_id,started_at,watched_seconds\n11,1,07/01/2026 20:00,600\n",
			wrong:   []string{`line 2: started_at "07/01/2026 20:00" is no time such as`},
		},
		"bytes that are no UTF-8": {
			content: "account_id,device_uid,channel_id,started_at,watched_seconds\n11,account-11,1,1782936000,600\n12,\xff\xfe,1,1782936000,5\n13,,1,1782936000,6\n",
			want:    []*tvstatsv1.ViewEvent{evening(11, 600), evening(13, 6)},
			wrong:   []string{"line 3: byte 4 is no UTF-8; convert the file to UTF-8"},
		},
		"of mongoexport": {
			content: `{"_id":{"$oid":"65e1"},"account_id":{"$numberLong":"11"},"channel_id":{"$numberInt":"1"},"started_at":{"$date":"2026-07-01T20:00:00.000Z"},"watched_seconds":{"$numberDouble":"600.0"}}` + "\n" +
				`{"_id":"x","account_id":12,"channel_id":1,"started_at":{"$date":{"$numberLong":"1782936000000"}},"watched_seconds":5.0,"tariffs":[]}` + "\n",
			want: []*tvstatsv1.ViewEvent{evening(11, 600), evening(12, 5)},
		},
		"without a client": {
			content: "account_id,channel_id,started_at,watched_seconds\n11,1,1782936000,600\n",
			change:  func(r *eventReader) { r.clientID = 0 },
			wrong:   []string{"line 1: no client_id says whose viewing it is; give --client-id, or --column client_id=NAME"},
		},
		"with a client in some rows": {
			content: "account_id,channel_id,started_at,watched_seconds,client_id\n11,1,1782936000,600,7\n12,1,1782936000,5,\n",
			change:  func(r *eventReader) { r.clientID = 0 },
			want:    []*tvstatsv1.ViewEvent{evening(11, 600)},
			wrong:   []string{"line 3: no client_id says"},
		},
	} {
		reader := eventReader{clientID: 7, device: "tv"}
		if c.change != nil {
			c.change(&reader)
		}
		in, err := openInput(writeFile(t, c.content))
		if err != nil {
			t.Fatal(err)
		}
		var wrong []string
		var events []*tvstatsv1.ViewEvent
		for event, err := range reader.events(in.Lines()) {
			if err != nil {
				wrong = append(wrong, err.Error())
			} else {
				events = append(events, event.event)
			}
		}
		_ = in.Close()
		if !slices.EqualFunc(events, c.want, func(a, b *tvstatsv1.ViewEvent) bool { return proto.Equal(a, b) }) ||
			!slices.EqualFunc(wrong, c.wrong, strings.HasPrefix) {
			t.Errorf("%s: got %v, wrong %q; want %v, %q", name, events, wrong, c.want, c.wrong)
		}
	}
}
