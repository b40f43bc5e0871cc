package replica

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/tvstats/tvstats/internal/viewing"
)

// fill sets every field of v, however deep, to something that is not zero.
func fill(r *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(r, field)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(r, v.Index(i))
		}
	case reflect.String:
		v.SetString(string(rune('a' + r.IntN(26))))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(1 + r.Uint64N(200))
	default:
		v.SetInt(1 + r.Int64N(1<<30))
	}
}

// TestEveryFieldOfAReportTravels fails when a report gets a field that its encoding lacks.
func TestEveryFieldOfAReportTravels(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 0))
	all := make([]viewing.Report, 20)
	for i := range all {
		fill(r, reflect.ValueOf(&all[i]).Elem())
		if i%2 == 0 {
			all[i].StartedAt = -all[i].StartedAt
		}
	}
	got, err := decodeReports(encodeReports(all))
	if err != nil || !reflect.DeepEqual(got, all) {
		t.Errorf("%v: got %+v, want %+v", err, got, all)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode([]operation{{id: "a", method: appendReports, arguments: encodeReports(make([]viewing.Report, 3))}}))
	f.Fuzz(func(t *testing.T, operations []byte) {
		decoded, err := decode(Entry{Position: 1, Format: Format, Operations: operations})
		if err != nil {
			return
		}
		for _, op := range decoded {
			if op.method != appendReports {
				continue
			}
			reports, err := decodeReports(op.arguments)
			if err != nil {
				continue
			}
			again, err := decodeReports(encodeReports(reports))
			if err != nil || !reflect.DeepEqual(again, reports) {
				t.Errorf("%v: %+v becomes %+v", err, reports, again)
			}
		}
	})
}
