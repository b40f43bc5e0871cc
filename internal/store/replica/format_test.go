package replica

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tvstats/tvstats/internal/viewing"
)

func argumentsOf[A, R any](method[A, R]) reflect.Type { return reflect.TypeFor[A]() }

// TestFormatHoldsItsTypes: gob ignores a field that the reader does not have, so that an older program would apply less than the
// newer one that wrote the operation, and replicas would differ. What operations hold is therefore written down for each format: where it
// changes Format must be raised, which stops older programs, and the new text goes into a new file. A new operation stops them by its name, and
// is added to the file.
func TestFormatHoldsItsTypes(t *testing.T) {
	t.Parallel()
	arguments := map[string]reflect.Type{
		applyCatalog.name: argumentsOf(applyCatalog), eraseAccount.name: argumentsOf(eraseAccount), addErasures.name: argumentsOf(addErasures),
		expireViewing.name: argumentsOf(expireViewing), addAnonymous.name: argumentsOf(addAnonymous),
		deleteFigures.name: argumentsOf(deleteFigures), saveResults.name: argumentsOf(saveResults), deleteResult.name: argumentsOf(deleteResult),
		saveFigures.name: argumentsOf(saveFigures), createJob.name: argumentsOf(createJob), leaseJob.name: argumentsOf(leaseJob),
		takeLease.name:  argumentsOf(takeLease),
		renewLease.name: argumentsOf(renewLease), endAttempt.name: argumentsOf(endAttempt), cancelJob.name: argumentsOf(cancelJob),
		deleteJobs.name: argumentsOf(deleteJobs), appendReports: reflect.TypeFor[[]viewing.Report](),
	}
	lines := map[string]string{}
	for name := range methods {
		if arguments[name] == nil {
			t.Errorf("the arguments of %s are not written down", name)
			continue
		}
		lines["operation "+name] = describe(arguments[name], lines)
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintf(&text, "%s: %s\n", name, lines[name])
	}
	file := filepath.Join("testdata", fmt.Sprintf("format-%d.txt", Format))
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text.String() != string(want) {
		t.Errorf("operations hold something else than %s says; raise Format, and write into the file of the new one:\n%s", file, text.String())
	}
}

// describe is what the type holds that travels; structures get a line of their own.
func describe(of reflect.Type, lines map[string]string) string {
	switch of.Kind() {
	case reflect.Pointer:
		return "*" + describe(of.Elem(), lines)
	case reflect.Slice:
		return "[]" + describe(of.Elem(), lines)
	case reflect.Array:
		return fmt.Sprintf("[%d]%s", of.Len(), describe(of.Elem(), lines))
	case reflect.Map:
		return fmt.Sprintf("map[%s]%s", describe(of.Key(), lines), describe(of.Elem(), lines))
	case reflect.Struct:
		if _, known := lines[of.String()]; !known {
			lines[of.String()] = "" // ends the recursion
			fields := make([]string, of.NumField())
			for i := range fields {
				fields[i] = of.Field(i).Name + " " + describe(of.Field(i).Type, lines)
			}
			lines[of.String()] = strings.Join(fields, ", ")
		}
		return of.String()
	default:
		return of.Kind().String()
	}
}
