package cli

import (
	"strings"
	"testing"
)

// TestCellsThatWouldBeRun: texts that a spreadsheet reads as a formula, or a terminal as an order, are neutral in CSV.
func TestCellsThatWouldBeRun(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`=HYPERLINK("http://a")`: `"'=HYPERLINK(""http://a"")"`, "-1+2": "'-1+2", "+1": "'+1", "@x": "'@x", "＝1": "'＝1",
		"\t=1": "�=1", "\r=1": "�=1", "a\x1b[31mred": "a�[31mred", "a\u202eb": "a�b", "Café 24-7": "Café 24-7",
	} {
		var out strings.Builder
		if err := (sheet{columns: []string{"name", "n"}, rows: [][]any{{text, int64(-5)}}}).writeCSV(&out, csvFlags{}); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != "name,n\n"+want+",-5\n" {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
