package simulate

import (
	"container/heap"
	"iter"
	"math/rand/v2"

	"github.com/tvstats/tvstats/internal/viewing"
)

// What the network does to a report, as probabilities.
const (
	lost    = 0.002
	doubled = 0.01
	delayed = 0.01
)

// Arrival is a report that has made its way to the operator.
type Arrival struct {
	At    viewing.Millis // when it arrived, by the true clock
	Event viewing.Event  // as the box sent it, by the box's clock
}

// Arrivals are the reports of all boxes in the order in which they arrive, up to the end of the span. Boxes that are on
// at that moment are simply in the middle of their sessions.
func (w *World) Arrivals() iter.Seq[Arrival] {
	return func(yield func(Arrival) bool) {
		n := network{random: w.random(forNetwork, 0), boxes: w.boxes()}
		for at, ok := n.next(); ok && at < w.config.Span.To; at, ok = n.next() {
			if arrival, arrives := n.take(); arrives && !yield(arrival) {
				return
			}
		}
	}
}

// boxes are all boxes that ever report.
func (w *World) boxes() timeline[*box] {
	var all timeline[*box]
	for i := range w.households {
		home := &w.households[i]
		for number := home.firstBox; number < home.firstBox+home.boxes; number++ {
			if b := w.newBox(home, number); b.due < home.watches.To {
				all = append(all, b)
			}
		}
	}
	heap.Init(&all)
	return all
}

// network carries reports: most at once, some not at all, some late, and some twice, the second time late.
type network struct {
	random *rand.Rand
	boxes  timeline[*box]
	late   timeline[Arrival]
}

// next is when something happens next; false if nothing ever will.
func (n *network) next() (viewing.Millis, bool) {
	switch {
	case len(n.boxes) == 0 && len(n.late) == 0:
		return 0, false
	case n.lateIsNext():
		return n.late[0].At, true
	default:
		return n.boxes[0].due, true
	}
}

func (n *network) lateIsNext() bool {
	return len(n.boxes) == 0 || len(n.late) > 0 && n.late[0].At < n.boxes[0].due
}

// take lets happen what is next, and reports whether a report arrives by it.
func (n *network) take() (Arrival, bool) {
	if n.lateIsNext() {
		return heap.Pop(&n.late).(Arrival), true
	}
	b := n.boxes[0]
	at := b.due
	event, sent := b.next()
	if b.due < b.home.watches.To {
		heap.Fix(&n.boxes, 0)
	} else {
		heap.Pop(&n.boxes)
	}
	if !sent {
		return Arrival{}, false
	}
	return n.carry(Arrival{At: at, Event: event})
}

// carry returns the report if it arrives at once.
func (n *network) carry(arrival Arrival) (Arrival, bool) {
	later := arrival
	later.At += between(n.random, second, 10*minute)
	switch fate := n.random.Float64(); {
	case fate < lost:
		return Arrival{}, false
	case fate < lost+delayed:
		heap.Push(&n.late, later)
		return Arrival{}, false
	case fate < lost+delayed+doubled:
		heap.Push(&n.late, later)
	}
	return arrival, true
}

// timeline is a heap of what is to happen, the earliest first.
type timeline[T interface{ when() viewing.Millis }] []T

func (a Arrival) when() viewing.Millis { return a.At }
func (b *box) when() viewing.Millis    { return b.due }

// Len, Less, Swap, Push and Pop implement heap.Interface.
func (t timeline[T]) Len() int           { return len(t) }
func (t timeline[T]) Less(i, j int) bool { return t[i].when() < t[j].when() }
func (t timeline[T]) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timeline[T]) Push(x any)        { *t = append(*t, x.(T)) }
func (t *timeline[T]) Pop() any {
	last := len(*t) - 1
	x := (*t)[last]
	*t = (*t)[:last]
	return x
}
