package mongodb

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/event"
)

// OpenIndexed opens a store that fails the test when it has the server look for documents without the help of an index. It
// judges by the schema alone, so that a server which explains nothing will do.
func OpenIndexed(t *testing.T, uri string) *Store {
	t.Helper()
	settings, database, err := Options{URI: uri}.settings()
	if err != nil {
		t.Fatal(err)
	}
	s, err := connect(t.Context(), settings.SetMonitor(&event.CommandMonitor{
		Started: func(_ context.Context, e *event.CommandStartedEvent) {
			if err := indexed(e.Command); err != nil && e.DatabaseName == database {
				t.Errorf("%v: %.1000v", err, e.Command)
			}
		},
	}), database)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// readWhole are the collections that may be read as a whole, since that is what they are read for: Clients answers all of
// them, and every process mirrors all erasures.
var readWhole = []string{clientsCollection, erasuresCollection}

// indexed answers an error if the command has the server go through a whole collection.
func indexed(command bson.Raw) error {
	name := command.Index(0)
	collection, _ := name.Value().StringValueOK()
	var searches []bson.Raw
	switch name.Key() {
	case "find":
		if command.Lookup("limit").IsNumber() && inOrder(collection, command.Lookup("sort")) {
			return nil // the server reads along the index until it has enough
		}
		searches = append(searches, documentOf(command.Lookup("filter")))
	case "aggregate":
		searches = append(searches, documentOf(command.Lookup("pipeline", "0", "$match")))
	case "findAndModify":
		searches = append(searches, documentOf(command.Lookup("query")))
	case "update", "delete":
		for _, statement := range valuesOf(command.Lookup(name.Key() + "s")) {
			searches = append(searches, documentOf(documentOf(statement).Lookup("q")))
		}
	case "insert", "getMore", "killCursors", "endSessions", "dbStats", "isMaster", "create", "createIndexes", "listCollections", "listIndexes":
		return nil
	default:
		return fmt.Errorf("it is not known how %s finds documents", name.Key())
	}
	for _, filter := range searches {
		if !bounded(filter, leading(collection)) && !slices.Contains(readWhole, collection) {
			return fmt.Errorf("no index of %s leads to what matches %.500v", collection, filter)
		}
	}
	return nil
}

// leading are the fields that the indexes of the collection begin with.
func leading(collection string) []string {
	fields := []string{"_id"}
	for _, index := range indexesOf(collection) {
		fields = append(fields, index.keys[0].Key)
	}
	return fields
}

func indexesOf(collection string) []index {
	at := slices.IndexFunc(layouts, func(l layout) bool { return l.collection == collection })
	if at < 0 {
		return nil
	}
	return layouts[at].indexes
}

// inOrder tells whether an index holds the collection in that order, or in the opposite one.
func inOrder(collection string, order bson.RawValue) bool {
	fields, _ := documentOf(order).Elements()
	return len(fields) > 0 && slices.ContainsFunc(indexesOf(collection), func(i index) bool {
		for n, field := range fields {
			if n == len(i.keys) || field.Key() != i.keys[n].Key || !field.Value().Equal(fields[0].Value()) {
				return false
			}
		}
		return true
	})
}

// bounded tells whether the filter says of one of the fields which values it has or between which ones it lies.
func bounded(filter bson.Raw, fields []string) bool {
	conditions, _ := filter.Elements()
	return slices.ContainsFunc(conditions, func(condition bson.RawElement) bool {
		unbounded := func(branch bson.RawValue) bool { return !bounded(documentOf(branch), fields) }
		branches := valuesOf(condition.Value())
		switch condition.Key() {
		case "$and":
			return slices.ContainsFunc(branches, func(branch bson.RawValue) bool { return !unbounded(branch) })
		case "$or":
			return !slices.ContainsFunc(branches, unbounded)
		default:
			return slices.Contains(fields, condition.Key()) && bounds(condition.Value())
		}
	})
}

// bounds tells whether the condition is a value, or one of the operators that an index serves by a part of it.
func bounds(condition bson.RawValue) bool {
	operators, _ := documentOf(condition).Elements()
	return len(operators) == 0 || slices.ContainsFunc(operators, func(operator bson.RawElement) bool {
		return slices.Contains([]string{"$eq", "$in", "$gt", "$gte", "$lt", "$lte"}, operator.Key())
	})
}

func documentOf(value bson.RawValue) bson.Raw {
	document, _ := value.DocumentOK()
	return document
}

func valuesOf(value bson.RawValue) []bson.RawValue {
	array, _ := value.ArrayOK()
	values, _ := array.Values()
	return values
}

// TestIndexed holds the check of indexes to commands of which it is plain whether they need a whole collection.
func TestIndexed(t *testing.T) {
	t.Parallel()
	find := func(filter bson.M) bson.D {
		return bson.D{{Key: "find", Value: daysCollection}, {Key: "filter", Value: filter}}
	}
	id, device := bson.M{"_id": "1/2026-03-10"}, bson.M{"device": "mag250"}
	many := bson.M{"_id": bson.M{"$gte": "1/", "$lt": "10"}}
	newest := bson.D{{Key: "created_at", Value: -1}, {Key: "_id", Value: -1}}
	for _, test := range []struct {
		name    string
		command bson.D
		indexed bool
	}{
		{"value", find(id), true},
		{"range", find(many), true},
		{"more than the index", find(bson.M{"_id": "a", "device": "b"}), true},
		{"list", find(bson.M{"rolled": bson.M{"$in": bson.A{true, false}}}), true},
		{"first field of an index", find(bson.M{"writing": bson.M{"$gt": 0}}), true},
		{"second field of an index", find(bson.M{"touched_at": bson.M{"$lt": 5}}), false},
		{"no index", find(device), false},
		{"nothing", find(bson.M{}), false},
		{"all but one", find(bson.M{"_id": bson.M{"$ne": "a"}}), false},
		{"one of all", find(bson.M{"$and": bson.A{device, id}}), true},
		{"none of all", find(bson.M{"$and": bson.A{device, device}}), false},
		{"every branch", find(bson.M{"$or": bson.A{id, many}}), true},
		{"not every branch", find(bson.M{"$or": bson.A{id, device}}), false},
		{"in order", bson.D{{Key: "find", Value: jobsCollection}, {Key: "sort", Value: newest}, {Key: "limit", Value: 3}}, true},
		{"all in order", bson.D{{Key: "find", Value: jobsCollection}, {Key: "sort", Value: newest}}, false},
		{"in another order", bson.D{{Key: "find", Value: jobsCollection}, {Key: "sort", Value: bson.M{"due_at": 1}}, {Key: "limit", Value: 3}}, false},
		{"aggregate", bson.D{{Key: "aggregate", Value: sessionsCollection}, {Key: "pipeline", Value: bson.A{bson.M{"$match": many}}}}, true},
		{"aggregate all", bson.D{{Key: "aggregate", Value: sessionsCollection}, {Key: "pipeline", Value: bson.A{bson.M{"$group": device}}}}, false},
		{"update", bson.D{{Key: "update", Value: sessionsCollection}, {Key: "updates", Value: bson.A{bson.M{"q": id}, bson.M{"q": device}}}}, false},
		{"delete", bson.D{{Key: "delete", Value: sessionsCollection}, {Key: "deletes", Value: bson.A{bson.M{"q": device}}}}, false},
		{"change one", bson.D{{Key: "findAndModify", Value: jobsCollection}, {Key: "query", Value: bson.M{"state": 1}}}, true},
		{"unknown", bson.D{{Key: "distinct", Value: sessionsCollection}, {Key: "query", Value: id}}, false},
	} {
		command, err := bson.Marshal(test.command)
		if err != nil {
			t.Fatal(err)
		}
		if err := indexed(command); (err == nil) != test.indexed {
			t.Errorf("%s: got %v", test.name, err)
		}
	}
}
