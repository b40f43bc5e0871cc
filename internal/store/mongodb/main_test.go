package mongodb

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs the tests and looks for goroutines that outlive the stores they were started for.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
