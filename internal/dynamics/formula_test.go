package dynamics

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"testing"

	"github.com/tvstats/tvstats/internal/store"
)

// shapeOf describes a type as deep as JSON sees it: its fields, with their names and types.
func shapeOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		shape := "{"
		for f := range t.Fields() {
			shape += fmt.Sprintf("%s %q %s;", f.Name, f.Tag, shapeOf(f.Type))
		}
		return shape + "}"
	case reflect.Slice:
		return "[]" + shapeOf(t.Elem())
	case reflect.Map:
		return "map[" + shapeOf(t.Key()) + "]" + shapeOf(t.Elem())
	default:
		return t.Kind().String()
	}
}

// TestFormulas fails when a figure that is kept has other fields than its formula had under this number: old figures would be
// read as if they were new ones. Raise the number in formula.go and write down the new shape.
func TestFormulas(t *testing.T) {
	t.Parallel()
	for _, kept := range []struct {
		figure  any
		formula int
		shapes  map[int]string // by number of the formula
	}{
		{Ledger{}, ledgerFormula, map[int]string{1: "15e795bf0615"}},
		{store.Payments{}, paymentsFormula, map[int]string{1: "d7cacd364b5b"}},
		{keptWatch{}, watchFormula, map[int]string{2: "55e7109db0b0"}},
		{MaxOnline{}, onlineFormula, map[int]string{1: "029df1dd248f"}},
		{Stats{}, statsFormula, map[int]string{1: "966cc9c7a01e"}},
		// What is gone is never computed again: it must stay readable.
		{goneWatch{}, 1, map[int]string{1: "57690f526287"}},
		{goneOnline{}, 1, map[int]string{1: "c365a26f9267"}},
		{goneMonth{}, 1, map[int]string{1: "6b21192dc1b6"}},
	} {
		hash := sha256.Sum256([]byte(shapeOf(reflect.TypeOf(kept.figure))))
		if got := fmt.Sprintf("%x", hash[:6]); got != kept.shapes[kept.formula] {
			t.Errorf("%T: its formula %d had the shape %s, it has %s", kept.figure, kept.formula, kept.shapes[kept.formula], got)
		}
	}
}
