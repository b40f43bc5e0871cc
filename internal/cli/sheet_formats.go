package cli

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/tvstats/tvstats/internal/plaintext"
)

// csvFlags are the flags of CSV.
type csvFlags struct {
	Raw bool `help:"Write texts to CSV as they are. Without it those that a spreadsheet would read as a formula begin with an apostrophe."`
	BOM bool `name:"bom" help:"Begin CSV with a mark by which Excel knows that it is UTF-8."`
}

// writeCSV writes a header and the rows; numbers with all their digits, times as RFC 3339.
func (s sheet) writeCSV(out io.Writer, flags csvFlags) error {
	if flags.BOM {
		if _, err := io.WriteString(out, "\ufeff"); err != nil {
			return err
		}
	}
	w := csv.NewWriter(out)
	if err := w.Write(s.columns); err != nil {
		return err
	}
	for _, row := range s.rows {
		texts := make([]string, len(row))
		for i, value := range row {
			texts[i] = cellText(value)
			if _, is := value.(string); is && !flags.Raw {
				texts[i] = neutral(texts[i])
			}
		}
		if err := w.Write(texts); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func cellText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	default:
		return fmt.Sprint(v)
	}
}

// neutral is a text that no spreadsheet reads as a formula, as OWASP recommends, and no terminal that shows the file as an order.
func neutral(text string) string {
	text, _ = plaintext.WithoutControls(text) // tab and CR, which OWASP names, are among them
	switch first, _ := utf8.DecodeRuneInString(text); first {
	case '=', '+', '-', '@', '＝', '＋', '－', '＠':
		return "'" + text
	default:
		return text
	}
}
