package convert

import (
	"cmp"
	"fmt"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/viewing"
)

// PolicyOf is the policy that is told; one that is not told has all off.
func PolicyOf(p *tvstatsv1.MeasurementPolicy) (viewing.Policy, error) {
	err := cmp.Or(policySeconds("max_session_seconds", p.GetMaxSessionSeconds()), policySeconds("inactivity_seconds", p.GetInactivitySeconds()),
		policySeconds("min_session_seconds", p.GetMinSessionSeconds()))
	return viewing.Policy{
		MaxSessionSeconds: int32(p.GetMaxSessionSeconds()), InactivitySeconds: int32(p.GetInactivitySeconds()),
		OneChannelPerDevice: p.GetOneChannelPerDevice(), MinSessionSeconds: int32(p.GetMinSessionSeconds()),
	}, err
}

func policySeconds(name string, seconds int64) error {
	if seconds < 0 || seconds > viewing.MostPolicySeconds {
		return fmt.Errorf("policy.%s is %d; it must be 0 (off) to %d", name, seconds, viewing.MostPolicySeconds)
	}
	return nil
}
