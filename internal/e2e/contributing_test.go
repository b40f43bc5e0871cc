package e2e

import (
	"os"
	"strings"
	"testing"
)

// TestContributingSaysWhereThingsLive: every folder of internal has its line.
func TestContributingSaysWhereThingsLive(t *testing.T) {
	t.Parallel()
	text := page(t, "../../CONTRIBUTING.md")
	folders, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if folder.IsDir() && !strings.Contains(text, "\ninternal/"+folder.Name()+"/ ") {
			t.Errorf("CONTRIBUTING.md does not say what internal/%s is", folder.Name())
		}
	}
}
