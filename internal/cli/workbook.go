package cli

import (
	"errors"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"github.com/tvstats/tvstats/internal/plaintext"
)

// workbook is an XLSX file in the making.
type workbook struct {
	file            *excelize.File
	head, time, day int // styles
}

// writeWorkbook writes sheets as one XLSX file.
func writeWorkbook(out io.Writer, sheets []sheet) (err error) {
	book := workbook{file: excelize.NewFile()}
	defer func() { err = errors.Join(err, book.file.Close()) }()
	if err := book.styles(); err != nil {
		return err
	}
	for i, s := range sheets {
		if i == 0 {
			err = book.file.SetSheetName("Sheet1", s.name)
		} else {
			_, err = book.file.NewSheet(s.name)
		}
		if err == nil {
			err = book.fill(s)
		}
		if err != nil {
			return err
		}
	}
	return book.file.Write(out)
}

// styles makes the styles: times and days in the one form that is the same in every country.
func (b *workbook) styles() (err error) {
	var failed [3]error
	timeFormat, dayFormat := "yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd"
	b.head, failed[0] = b.file.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	b.time, failed[1] = b.file.NewStyle(&excelize.Style{CustomNumFmt: &timeFormat})
	b.day, failed[2] = b.file.NewStyle(&excelize.Style{CustomNumFmt: &dayFormat})
	return errors.Join(failed[:]...)
}

// fill writes a sheet: a head that stays in view and filters, columns as wide as what they hold.
func (b *workbook) fill(s sheet) error {
	w, err := b.file.NewStreamWriter(s.name)
	if err != nil {
		return err
	}
	for i, width := range s.widths() {
		if err := w.SetColWidth(i+1, i+1, width); err != nil {
			return err
		}
	}
	if err := w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	head := make([]any, len(s.columns))
	for i, name := range s.columns {
		head[i] = excelize.Cell{StyleID: b.head, Value: name}
	}
	if err := w.SetRow("A1", head); err != nil {
		return err
	}
	for i, row := range s.rows {
		cells := make([]any, len(row))
		for j, value := range row {
			cells[j] = b.cell(value)
		}
		if err := w.SetRow("A"+strconv.Itoa(i+2), cells); err != nil {
			return err
		}
	}
	last, err := excelize.CoordinatesToCellName(len(s.columns), len(s.rows)+1)
	if err != nil {
		return err
	}
	if err := b.file.AutoFilter(s.name, "A1:"+last, nil); err != nil {
		return err
	}
	return w.Flush() // what is set afterwards is not in the file
}

// maxExact is the greatest whole number up to which a spreadsheet, which has floating point only, keeps each apart.
const maxExact = 1 << 53

// cell is a value as a workbook has it. A text is one whatever it begins with.
func (b *workbook) cell(value any) any {
	switch v := value.(type) {
	case int64:
		if v > maxExact || v < -maxExact {
			return strconv.FormatInt(v, 10)
		}
		return v
	case day:
		if t, err := time.Parse(time.DateOnly, string(v)); err == nil {
			return excelize.Cell{StyleID: b.day, Value: t}
		}
		return string(v)
	case time.Time:
		return excelize.Cell{StyleID: b.time, Value: v.UTC()}
	case string: // the format of the file knows no control characters
		clean, _ := plaintext.WithoutControls(v)
		return clean
	default:
		return v
	}
}

// Bounds of the width of a column, in characters. A time takes 19.
const (
	minWidth = 8
	maxWidth = 60
)

// widths are how wide columns are to be.
func (s sheet) widths() []float64 {
	widths := make([]float64, len(s.columns))
	for i, name := range s.columns {
		widths[i] = max(minWidth, float64(utf8.RuneCountInString(name))+3) // the filter's button takes some
	}
	for _, row := range s.rows {
		for i, value := range row {
			length := utf8.RuneCountInString(cellText(value))
			if _, is := value.(float64); is {
				length = min(length, 12)
			}
			widths[i] = min(maxWidth, max(widths[i], float64(length)+1))
		}
	}
	return widths
}
