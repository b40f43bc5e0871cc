package ranking

import (
	"context"

	"github.com/tvstats/tvstats/internal/measure"
	"github.com/tvstats/tvstats/internal/viewing"
)

// filterStep is one part of a filter: its field in the request, whether it is set, and how it is put in force.
type filterStep struct {
	field string
	set   bool
	apply func(*viewing.Filter)
}

// filterSteps are the parts of the question's filter, in the order in which Explain says what they took away.
func filterSteps(whole viewing.Filter) []filterStep {
	steps := []filterStep{
		{"policy", whole.Policy.Cuts(), func(f *viewing.Filter) { f.Policy = whole.Policy }},
		{"excluded", true, func(f *viewing.Filter) { f.Excluded = false }},
	}
	for _, step := range whole.Steps() {
		steps = append(steps, filterStep{step.Field, step.Set, func(f *viewing.Filter) { step.Apply(&f.Choice) }})
	}
	return steps
}

// effects are what each part of the filter took away of the viewing of the subject.
func (b *Builder) effects(ctx context.Context, q Question, s Subject) ([]Effect, error) {
	whole := q.filter()
	filter := viewing.Filter{ClientID: whole.ClientID, Now: whole.Now, Window: whole.Window, Excluded: true}
	sessions, millis, err := b.viewed(ctx, q, s, filter)
	if err != nil {
		return nil, err
	}
	var effects []Effect
	for _, step := range filterSteps(whole) {
		if !step.set {
			continue
		}
		step.apply(&filter)
		leftSessions, leftMillis, err := b.viewed(ctx, q, s, filter)
		if err != nil {
			return nil, err
		}
		effects = append(effects, Effect{step.field, sessions - leftSessions, (millis - leftMillis) / 1000})
		sessions, millis = leftSessions, leftMillis
	}
	return effects, nil
}

// viewed is how much of the viewing that passes the filter is of the subject.
func (b *Builder) viewed(ctx context.Context, q Question, s Subject, filter viewing.Filter) (sessions, millis int64, err error) {
	if s.ProgrammeID != 0 {
		watched, err := b.source.ProgrammeWatch(ctx, q.of(s.ProgrammeID, filter))
		for _, p := range watched.Programmes {
			sessions, millis = p.Sessions, int64(p.Watch)
		}
		return sessions, millis, err
	}
	filter.Channels = []int32{s.ChannelID}
	rows, err := b.source.Aggregate(ctx, measure.Query{Filter: filter, Measures: []measure.Measure{measure.Sessions, measure.Watch}})
	for _, row := range rows {
		sessions, millis = row.Values[0], row.Values[1]
	}
	return sessions, millis, err
}
