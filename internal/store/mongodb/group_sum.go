package mongodb

import "github.com/tvstats/tvstats/internal/viewing"

// groupSum adds up what is known of the sessions of a group, of one after the other or of some that were encoded.
type groupSum struct {
	group                rollupGroup // its key, sessions and seconds
	lengths              lengths
	began, ended, chosen counts
}

func newGroupSum(key rollupGroup) *groupSum {
	return &groupSum{key, lengths{}, counts{}, counts{}, counts{}}
}

func (s *groupSum) add(w *watchedSession) {
	s.group.Sessions++
	s.group.Seconds += int64(w.Seconds)
	s.lengths.add(w.Seconds, 1)
	switch start := viewing.Millis(w.StartedAt); {
	case w.Seconds == 0: // it gives no programme any time
	case w.ProgrammeID > 0:
		s.chosen.add(w.ProgrammeID, 1, int64(w.Seconds))
	case w.Mode == modes[viewing.Live]:
		s.began.addAt(start, minute, 1, 0)
		s.ended.addAt(start+viewing.Millis(w.Seconds)*1000-1, minute, 1, 0) // its last millisecond
	}
}

// addGroup adds what was encoded a moment ago, so that nothing can be wrong with it.
func (s *groupSum) addGroup(g *rollupGroup) {
	s.group.Sessions += g.Sessions
	s.group.Seconds += g.Seconds
	_ = s.lengths.addEncoded(g.Lengths, 0)
	_ = s.began.addEncoded(g.Began)
	_ = s.ended.addEncoded(g.Ended)
	_ = s.chosen.addEncoded(g.Chosen)
}

func (s *groupSum) encode() rollupGroup {
	group := s.group
	group.Lengths, group.Began, group.Ended, group.Chosen = s.lengths.encode(), s.began.encode(), s.ended.encode(), s.chosen.encode()
	return group
}
