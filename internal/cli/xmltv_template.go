package cli

import (
	"encoding/csv"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// writeChannels writes the file that --channels-file reads: a line for each channel of a guide and channel of the catalog
// that it is, or may be. What is no more than a guess says so in its last column.
func (c *channelIDs) writeChannels(out io.Writer, g *guide, matches map[*guideChannel]channelMatch) error {
	w := csv.NewWriter(out)
	rows := [][]string{{"guide_id", "channel_id", "guide_name", "channel_name", "programmes", "found_by"}}
	for _, channel := range g.channels {
		found := matches[channel]
		ids, how := found.ids, found.how
		if len(ids) == 0 && found.problem != "" {
			ids, how = c.guess(channel), "guess: check it"
		}
		if len(ids) == 0 {
			ids, how = []int32{0}, "nothing: fill in channel_id, or leave it empty to leave the channel out"
		}
		for _, id := range ids {
			text := ""
			if id > 0 {
				text = strconv.Itoa(int(id))
			}
			name := ""
			if len(channel.names) > 0 {
				name = channel.names[0]
			}
			rows = append(rows, []string{channel.id, text, name, c.known[id].Name, strconv.Itoa(len(channel.programmes)), how})
		}
	}
	for _, row := range rows {
		for i := range row {
			row[i] = neutral(row[i])
		}
	}
	return w.WriteAll(rows)
}

// guess is the channel of the catalog whose name is the same but for case, punctuation and words that say nothing.
func (c *channelIDs) guess(channel *guideChannel) []int32 {
	wanted := map[string]bool{}
	for _, name := range append([]string{channel.id}, channel.names...) {
		if key := essence(name); key != "" {
			wanted[key] = true
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.known)) {
		if wanted[essence(c.known[id].Name)] {
			return []int32{id}
		}
	}
	return nil
}

// essence is what distinguishes the name of a channel from others: "Arena TV (HD)" and "arena" have the same.
func essence(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	words = slices.DeleteFunc(words, func(word string) bool {
		switch word {
		case "tv", "hd", "sd", "fhd", "uhd", "4k", "channel", "the", "example", "com", "net", "org":
			return true
		default:
			return false
		}
	})
	return strings.Join(words, "")
}
