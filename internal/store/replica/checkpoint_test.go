package replica

import (
	"errors"
	"testing"
	"time"
)

// TestErasureDuringCheckpoint: the checkpoint that an erasure needs is owed until one was made that began after it.
func TestErasureDuringCheckpoint(t *testing.T) {
	t.Parallel()
	failed := errors.New("no space")
	for _, c := range []struct {
		name   string
		made   bool
		err    error
		during bool // the erasure comes while the checkpoint is made
		owed   bool
	}{
		{"made after it", true, nil, false, false},
		{"made while it came", true, nil, true, true},
		{"another replica had the claim", false, nil, false, true},
		{"another replica had the claim while it came", false, nil, true, true},
		{"failed", true, failed, false, true},
		{"failed while it came", true, failed, true, true},
	} {
		of := checkpoints{of: &Store{options: Options{}.withDefaults()}, wake: make(chan struct{}, 1)}
		if !c.during {
			of.dueSoon()
		}
		err := of.try(func() (bool, error) {
			if c.during {
				of.dueSoon()
			}
			return c.made, c.err
		})
		if !errors.Is(err, c.err) || !of.due.IsZero() != c.owed {
			t.Errorf("%s: got %v, due at %v", c.name, err, of.due)
		}
	}
}

// TestEntriesStayCounted: what another replica had the claim for is tried again in a minute, and not with every entry.
func TestEntriesStayCounted(t *testing.T) {
	t.Parallel()
	c := checkpoints{of: &Store{options: Options{CheckpointEntries: 3}.withDefaults()}, wake: make(chan struct{}, 1)}
	for range 3 {
		c.appended(1)
	}
	<-c.wake
	for made, due := range map[bool]bool{false: true, true: false} {
		c.owed = owed{entries: 3, bytes: 3}
		if err := c.try(func() (bool, error) { return made, nil }); err != nil {
			t.Fatal(err)
		}
		if c.isDue() != due {
			t.Errorf("made %v: %d entries are counted", made, c.entries)
		}
	}
	c.owed = owed{entries: 3, bytes: 3, due: time.Now().Add(time.Hour)}
	c.appended(1)
	select {
	case <-c.wake:
		t.Error("the next entry woke it again")
	default:
	}
	c.newest()
	if c.isDue() || c.due.IsZero() {
		t.Errorf("after a newer checkpoint of another replica: %+v", c.owed)
	}
}
