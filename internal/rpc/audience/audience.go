// Package audience is the service Audience on top of the domain package of the same name.
package audience

import (
	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// Server implements the service. Its requests have passed the rules of package intercept, which also turns its errors into statuses.
type Server struct {
	tvstatsv1.UnimplementedAudienceServer
}
