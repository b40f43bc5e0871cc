package catalog

import (
	"fmt"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/plaintext"
)

// replaceControls replaces control characters in the names and titles of a push, counts them, and returns what the response
// says of it, nothing where there were none.
func (c *Server) replaceControls(req *tvstatsv1.SyncRequest) string {
	replaced := 0
	clean := func(text *string) {
		var count int
		*text, count = plaintext.WithoutControls(*text)
		replaced += count
	}
	if req.Client != nil {
		clean(&req.Client.Name)
	}
	for _, channel := range req.Channels {
		clean(&channel.Name)
	}
	for _, tariff := range req.Tariffs {
		clean(&tariff.Name)
	}
	for _, category := range req.Categories {
		clean(&category.Name)
	}
	for _, programme := range req.Programmes {
		clean(&programme.Title)
	}
	if replaced == 0 {
		return ""
	}
	c.Replaced(replaced)
	return fmt.Sprintf("%d control characters in names and titles were replaced by U+FFFD", replaced)
}
