package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// channelFlags says which channels of the catalog a guide's channels are.
type channelFlags struct {
	Channel           []string `placeholder:"NAME=ID" help:"Which channel_id a channel of the guide has: its id in the guide = channel_id, as a comma list or repeated; with several channel_ids the programmes are on each. One that is not named here is the channel of the catalog with one of its display-names, else its id in the guide is the channel_id if that is a number. Where these are two channels neither is taken."`
	ChannelsFile      string   `type:"path" placeholder:"FILE" help:"The same as a CSV file with the columns guide_id and channel_id: as many lines for a channel of the guide as it has channels; an empty channel_id leaves it out."`
	WriteChannelsFile string   `placeholder:"FILE" help:"Import nothing and write such a file with the best guesses, to be corrected; - for standard output."`
}

// read returns the channels by their ids in the guide, folded.
func (f *channelFlags) channels() (map[string][]int32, error) {
	given := map[string][]int32{}
	if f.ChannelsFile != "" {
		if err := readChannelsFile(f.ChannelsFile, given); err != nil {
			return nil, fmt.Errorf("--channels-file: %w", err)
		}
	}
	named := map[string][]int32{}
	for _, pair := range f.Channel {
		guideID, text, _ := cutLast(pair, "=")
		id, err := id32(strings.TrimSpace(text))
		if err != nil || id < 1 || strings.TrimSpace(guideID) == "" {
			return nil, fmt.Errorf("--channel=%.80q: allowed is the id of a channel in the guide = channel_id, for example news.example.com=10", pair)
		}
		tellChannel(named, guideID, id)
	}
	maps.Copy(given, named) // the command line wins
	return given, nil
}

// cutLast cuts a text at the last separator: ids of guides may hold any character.
func cutLast(text, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}

func tellChannel(given map[string][]int32, guideID string, id int32) {
	key := folded(guideID)
	if !slices.Contains(given[key], id) {
		given[key] = append(given[key], id)
	}
}

// readChannelsFile reads the file of --channels-file.
func readChannelsFile(name string, given map[string][]int32) error {
	in, err := openInput(name)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read
	begin, _ := in.text.Peek(in.text.Buffered())
	head, _, _ := strings.Cut(string(begin), "\n")
	rows := csv.NewReader(in.text)
	rows.Comma, rows.FieldsPerRecord, rows.TrimLeadingSpace = delimiterOf(head), -1, true
	header, err := rows.Read()
	if err != nil {
		return fmt.Errorf("%s: the header cannot be read: %w", name, err)
	}
	guideAt, channelAt := slices.Index(header, "guide_id"), slices.Index(header, "channel_id")
	if guideAt < 0 || channelAt < 0 {
		return fmt.Errorf("%s: the header must name guide_id and channel_id; it names %.200q", name, header)
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		line, _ := rows.FieldPos(0)
		if err := takeChannelRow(given, row, guideAt, channelAt); err != nil {
			return fmt.Errorf("%s: line %d: %w", name, line, err)
		}
	}
}

func takeChannelRow(given map[string][]int32, row []string, guideAt, channelAt int) error {
	if len(row) <= max(guideAt, channelAt) {
		return fmt.Errorf("it has %d fields, too few", len(row))
	}
	guideID, text := row[guideAt], strings.TrimSpace(row[channelAt])
	if strings.TrimSpace(guideID) == "" {
		return errors.New("the guide_id is empty")
	}
	if text == "" {
		if key := folded(guideID); given[key] == nil {
			given[key] = []int32{} // leaves it out
		}
		return nil
	}
	id, err := strconv.ParseInt(text, 10, 32)
	if err != nil || id < 1 {
		return fmt.Errorf("channel_id %.60q is no positive whole number of 32 bits", text)
	}
	tellChannel(given, guideID, int32(id))
	return nil
}
