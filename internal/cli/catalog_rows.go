package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/currency"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// entityReader makes entities of the rows of a file, by the names of the contract's fields.
type entityReader struct {
	file      catalogFile
	called    columns
	delimiter rune // 0 where the header shows it
	times     timeReader
	currency  string // of payments that name none

	header []string // nil before the first line
}

// amount is a column that stands for amount_minor: in the currency itself.
const amount = "amount"

// entity makes an entity of a line, an invalid one of the header. A *badLine is of this line only.
func (r *entityReader) entity(l line, err error, list protoreflect.List) (protoreflect.Value, error) {
	if err == nil && !utf8.Valid(l.text) {
		err = &badLine{l.number, errors.New("it is no UTF-8; convert the file to UTF-8")}
	}
	if err != nil {
		return protoreflect.Value{}, err
	}
	if r.header == nil {
		return protoreflect.Value{}, r.begin(l)
	}
	row, err := csvFields(l.text, r.delimiter)
	if err == nil && len(row) != len(r.header) {
		err = fmt.Errorf("%d fields where the header has %d", len(row), len(r.header))
	}
	entity := list.NewElement()
	if err == nil {
		err = r.fill(entity.Message(), row)
	}
	if err != nil {
		return protoreflect.Value{}, &badLine{l.number, err}
	}
	return entity, nil
}

// begin reads the header.
func (r *entityReader) begin(l line) error {
	r.delimiter = cmp.Or(r.delimiter, delimiterOf(string(l.text)))
	names, err := csvFields(l.text, r.delimiter)
	if err != nil {
		return fmt.Errorf("line %d: the header is no CSV: %w", l.number, err)
	}
	r.header = names
	var missing []string
	for _, field := range r.file.required {
		if r.column(field) < 0 {
			missing = append(missing, field)
		}
	}
	if r.file.list == "payments" && r.column(amount) < 0 && r.column("amount_minor") < 0 {
		missing = append(missing, amount)
	}
	if err := r.called.lacking(missing, names); err != nil {
		return fmt.Errorf("line %d: the header %w", l.number, err)
	}
	return nil
}

// unused are the columns that no field of the entity is read from.
func (r *entityReader) unused(fields protoreflect.FieldDescriptors) []string {
	used := map[int]bool{}
	for i := range fields.Len() {
		used[r.column(string(fields.Get(i).Name()))] = true
	}
	if r.file.list == "payments" {
		used[r.column(amount)] = true
	}
	var unused []string
	for i, name := range r.header {
		if !used[i] {
			unused = append(unused, name)
		}
	}
	return unused
}

// column is where a field is, -1 where the file has none.
func (r *entityReader) column(field string) int {
	return slices.Index(r.header, cmp.Or(r.called[field], field))
}

// fill sets the fields of an entity to what the row says. What is empty is left out.
func (r *entityReader) fill(entity protoreflect.Message, row []string) error {
	fields := entity.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		at := r.column(string(field.Name()))
		if at < 0 || row[at] == "" {
			continue
		}
		if err := r.set(entity, field, row[at]); err != nil {
			return fmt.Errorf("%s %.60q %w", r.header[at], row[at], err)
		}
	}
	if active := fields.ByName("active"); active != nil && r.column("active") < 0 {
		entity.Set(active, protoreflect.ValueOfBool(true))
	}
	if r.file.list == "payments" {
		return r.fillPayment(entity, row)
	}
	return nil
}

func (r *entityReader) set(entity protoreflect.Message, field protoreflect.FieldDescriptor, text string) error {
	switch {
	case field.IsList():
		ids := entity.Mutable(field).List()
		for number := range strings.FieldsFuncSeq(text, func(c rune) bool { return c == ' ' || c == ';' || c == ',' || c == '|' }) {
			id, err := id32(number)
			if err != nil {
				return err
			}
			ids.Append(protoreflect.ValueOfInt32(id))
		}
		return nil
	case field.Kind() == protoreflect.StringKind:
		entity.Set(field, protoreflect.ValueOfString(text))
		return nil
	case field.Kind() == protoreflect.BoolKind:
		yes, err := yesOrNo(text)
		entity.Set(field, protoreflect.ValueOfBool(yes))
		return err
	case field.Kind() == protoreflect.Int32Kind:
		id, err := id32(text)
		entity.Set(field, protoreflect.ValueOfInt32(id))
		return err
	case field.Kind() == protoreflect.Int64Kind:
		id, err := wholeNumber(text, 64)
		entity.Set(field, protoreflect.ValueOfInt64(id))
		return err
	case field.Message() != nil && field.Message().FullName() == (&timestamppb.Timestamp{}).ProtoReflect().Descriptor().FullName():
		t, err := r.times.read(text)
		if err != nil {
			return err
		}
		entity.Set(field, protoreflect.ValueOfMessage(t.ProtoReflect()))
		return nil
	default:
		return errors.New("cannot be imported from a table")
	}
}

func yesOrNo(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "true", "t", "yes", "y", "1":
		return true, nil
	case "false", "f", "no", "n", "0":
		return false, nil
	default:
		return false, errors.New("is neither true nor false")
	}
}

// fillPayment fills in the currency and the amount in its minor unit.
func (r *entityReader) fillPayment(payment protoreflect.Message, row []string) error {
	fields := payment.Descriptor().Fields()
	code := fields.ByName("currency")
	if payment.Get(code).String() == "" {
		payment.Set(code, protoreflect.ValueOfString(r.currency))
	}
	at := r.column(amount)
	if at < 0 || row[at] == "" {
		return nil
	}
	unit, err := currency.ParseISO(payment.Get(code).String())
	if err != nil {
		return fmt.Errorf("currency %q is no code of ISO 4217, for example EUR; --currency is of payments that name none", payment.Get(code).String())
	}
	digits, _ := currency.Standard.Rounding(unit)
	minor, err := minorUnits(row[at], digits)
	if err != nil {
		return fmt.Errorf("%s %.60q %w", r.header[at], row[at], err)
	}
	payment.Set(fields.ByName("amount_minor"), protoreflect.ValueOfInt64(minor))
	return nil
}

// minorUnits reads 12.5 or 12,50 as 1250 where the currency has two digits.
func minorUnits(text string, digits int) (int64, error) {
	whole, fraction, _ := strings.Cut(strings.Replace(text, ",", ".", 1), ".")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > digits {
		return 0, fmt.Errorf("has more than the %d decimals of its currency", digits)
	}
	n, err := wholeNumber(whole+fraction+strings.Repeat("0", digits-len(fraction)), 64)
	if err != nil {
		return 0, errors.New("is no amount such as 12.50")
	}
	return n, nil
}

func currencyFlag(code string) error {
	if code == "" {
		return nil
	}
	if unit, err := currency.ParseISO(code); err != nil || unit.String() != code {
		return fmt.Errorf("--currency=%q: allowed are the codes of ISO 4217, for example EUR", code)
	}
	return nil
}
