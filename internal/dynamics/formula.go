package dynamics

import (
	"fmt"
	"time"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// The numbers of the formulas of figures that are kept. One changes with what its figure means or holds, and what was kept
// under the number before is computed anew; TestFormulas says so where it was forgotten.
const (
	ledgerFormula   = 1
	paymentsFormula = 1
	watchFormula    = 2
	onlineFormula   = 1
	statsFormula    = 1
)

// A stamp says what a figure was computed from: the number of its formula, the revision of the policy (0 where it does not
// matter), and the versions of the data that it depends on, which only ever grow, but for store.Version.Pending. A figure is
// right for as long as its stamp is that of the data.
func stamp(formula int, revision int64, of string, version int64) string {
	return fmt.Sprintf("f%d r%d %s%d", formula, revision, of, version)
}

func ledgerStamp(c clock, period viewing.Window) string {
	all := c.until(period.To)
	return stamp(ledgerFormula, 0, "a", all.Accounts) + pendingStates(all)
}

// pendingStates is the part of stamps that says which states had not come.
func pendingStates(v store.Version) string {
	if v.Pending == 0 {
		return ""
	}
	return fmt.Sprintf(" w%x", uint64(v.Pending)) //nolint:gosec // of all bits
}

func paymentsStamp(c clock, period viewing.Window) string {
	return stamp(paymentsFormula, 0, "p", c.of(period).Payments)
}

func (p policy) watchStamp(c clock, period viewing.Window) string {
	return stamp(watchFormula, p.revision, "v", c.of(period).Viewing) + c.excluded()
}

func onlineStamp(c clock, period viewing.Window) string {
	return stamp(onlineFormula, 0, "o", c.online(period)) + c.excluded()
}

// excluded is the part of stamps that says which accounts' viewing does not count.
func (c clock) excluded() string {
	if c.exclusions == 0 {
		return ""
	}
	return fmt.Sprintf(" x%x", c.exclusions)
}

// statsStamp is that of stats, which depend on all that lies before them and on who counts as online.
func statsStamp(c clock, asOf viewing.Millis, onlineTimeout time.Duration) string {
	all := c.until(asOf)
	return fmt.Sprintf("%s a%d p%d t%s", stamp(statsFormula, 0, "v", all.Viewing), all.Accounts, all.Payments, onlineTimeout) + pendingStates(all) + c.excluded()
}
