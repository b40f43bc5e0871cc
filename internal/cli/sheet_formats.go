package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// writeCSV writes a header and the rows; numbers with all their digits, times as RFC 3339.
func (s sheet) writeCSV(out io.Writer) error {
	w := csv.NewWriter(out)
	if err := w.Write(s.columns); err != nil {
		return err
	}
	for _, row := range s.rows {
		texts := make([]string, len(row))
		for i, value := range row {
			texts[i] = cellText(value)
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

// writeXLSX writes a workbook of one sheet whose header stays in view.
func (s sheet) writeXLSX(out io.Writer) (err error) {
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	if err := book.SetSheetName("Sheet1", s.name); err != nil {
		return err
	}
	w, err := book.NewStreamWriter(s.name)
	if err != nil {
		return err
	}
	header := &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}
	if err := w.SetPanes(header); err != nil {
		return err
	}
	names := make([]any, len(s.columns))
	for i, name := range s.columns {
		names[i] = name
	}
	for i, row := range append([][]any{names}, s.rows...) {
		if err := w.SetRow(fmt.Sprintf("A%d", i+1), row); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return book.Write(out)
}

// neutral is a text that no spreadsheet takes for a formula, as OWASP says it: those would, by the first character.
func neutral(text string) string {
	if strings.HasPrefix(text, "\t") || strings.HasPrefix(text, "\r") || strings.HasPrefix(text, "\n") {
		return "'" + text
	}
	switch first, _ := utf8.DecodeRuneInString(text); first {
	case '=', '+', '-', '@', '＝', '＋', '－', '＠':
		return "'" + text
	default:
		return text
	}
}
