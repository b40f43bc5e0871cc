package convert

import (
	"cmp"
	"fmt"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/viewing"
)

// PolicyOf reads a policy; one that is absent has all off.
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

// Policy is a measurement policy as a message.
func Policy(p viewing.Policy) *tvstatsv1.MeasurementPolicy {
	return &tvstatsv1.MeasurementPolicy{
		MaxSessionSeconds: int64(p.MaxSessionSeconds), InactivitySeconds: int64(p.InactivitySeconds),
		OneChannelPerDevice: p.OneChannelPerDevice, MinSessionSeconds: int64(p.MinSessionSeconds),
	}
}
