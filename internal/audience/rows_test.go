package audience

import (
	"errors"
	"testing"

	"github.com/tvstats/tvstats/internal/measure"
)

// TestNoAnswerIsCutShort: neither cells nor what their shares are parts of may be more than a result has room for.
func TestNoAnswerIsCutShort(t *testing.T) {
	t.Parallel()
	queries := []measure.Query{{Most: 2}, {Most: 2}}
	some, many := make([]measure.Row, 2), make([]measure.Row, 3)
	for name, c := range map[string]struct {
		found [][]measure.Row
		want  error
	}{
		"few":               {[][]measure.Row{some, some}, nil},
		"too many cells":    {[][]measure.Row{many, some}, ErrTooMany},
		"too many of these": {[][]measure.Row{some, many}, ErrTooMany},
	} {
		if err := tooMany(queries, c.found); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
