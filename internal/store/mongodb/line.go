package mongodb

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tvstats/tvstats/internal/viewing"
)

// A report is a line of text in the journal, which operators can read and which costs a fraction of a document, here and on
// the server:
//
//	account channel device mode programme started_at at watched_seconds ended tariffs "device_uid"
//
// separated by single spaces, times as in RFC 3339, tariffs by commas, the device_uid, which may hold anything, quoted as
// in Go. The client is that of the document.
const lineParts = 11

func appendLine(line []byte, r *viewing.Report) []byte {
	line = append(strconv.AppendInt(line, r.AccountID, 10), ' ')
	line = append(strconv.AppendInt(line, int64(r.ChannelID), 10), ' ')
	line = append(append(line, r.Device...), ' ')
	line = append(append(line, modes[r.Mode]...), ' ')
	line = append(strconv.AppendInt(line, r.ProgrammeID, 10), ' ')
	line = append(r.StartedAt.Time().AppendFormat(line, time.RFC3339Nano), ' ')
	line = append(r.At.Time().AppendFormat(line, time.RFC3339Nano), ' ')
	line = append(strconv.AppendInt(line, int64(r.WatchedSeconds), 10), ' ')
	line = append(strconv.AppendBool(line, r.Ended), ' ')
	for i, tariff := range r.Tariffs {
		if i > 0 {
			line = append(line, ',')
		}
		line = strconv.AppendInt(line, int64(tariff), 10)
	}
	return append(strconv.AppendQuote(append(line, ' '), r.DeviceUID), '\n')
}

// parseLine reads a line, without its end, of the client's.
func parseLine(clientID int32, line string) (viewing.Report, error) {
	parts := strings.SplitN(line, " ", lineParts)
	if len(parts) < lineParts {
		return viewing.Report{}, fmt.Errorf("the journal holds %q, which has not %d parts", line, lineParts)
	}
	var p lineParser
	r := viewing.Report{
		Identity: viewing.Identity{
			ClientID: clientID, AccountID: p.int(parts[0], 64), ChannelID: int32(p.int(parts[1], 32)), Device: parts[2],
			Mode: p.mode(parts[3]), ProgrammeID: p.int(parts[4], 64), StartedAt: p.time(parts[5]), DeviceUID: p.quoted(parts[10]),
		},
		State: viewing.State{
			At: p.time(parts[6]), WatchedSeconds: int32(p.int(parts[7], 32)), Ended: p.bool(parts[8]), Tariffs: p.ints(parts[9]),
		},
	}
	if p.err != nil {
		return r, fmt.Errorf("the journal holds %q: %w", line, p.err)
	}
	return r, nil
}

// lineParser reads parts of a line and keeps the first error.
type lineParser struct{ err error }

func (p *lineParser) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *lineParser) int(part string, bits int) int64 {
	n, err := strconv.ParseInt(part, 10, bits)
	p.keep(err)
	return n
}

func (p *lineParser) bool(part string) bool {
	b, err := strconv.ParseBool(part)
	p.keep(err)
	return b
}

func (p *lineParser) ints(part string) []int32 {
	var all []int32
	for one := range strings.SplitSeq(part, ",") {
		if part != "" {
			all = append(all, int32(p.int(one, 32)))
		}
	}
	return all
}

func (p *lineParser) time(part string) viewing.Millis {
	at, err := time.Parse(time.RFC3339Nano, part)
	p.keep(err)
	return viewing.At(at)
}

func (p *lineParser) quoted(part string) string {
	text, err := strconv.Unquote(part)
	p.keep(err)
	return text
}

func (p *lineParser) mode(part string) viewing.Mode {
	mode := modeOf(part)
	if mode == 0 {
		p.keep(fmt.Errorf("%q is no mode", part))
	}
	return mode
}
