package app

import (
	"testing"
	"time"
)

func TestDefaultsOfTheContract(t *testing.T) {
	cfg := DefaultConfig()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	if cfg.Listen != "127.0.0.1:50051" || cfg.HTTPListen != "127.0.0.1:9464" || cfg.DataDir != "./data" || cfg.RetentionDays != 0 {
		t.Errorf("got %+v", cfg)
	}
	in := cfg.ingestConfig()
	if in.Rules.MaxSession != 24*time.Hour || in.Rules.MaxAhead != 5*time.Minute || in.Rules.Retention != 0 {
		t.Errorf("got %+v", in.Rules)
	}
	if cfg.MaxBatch != 10_000 || cfg.MaxMessageSize != 4<<20 {
		t.Errorf("got batches of %d and messages of %d", cfg.MaxBatch, cfg.MaxMessageSize)
	}
}
