package main

import (
	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
)

// audienceServer is the service Audience. Its requests have passed validate, and its errors become statuses in callError.
type audienceServer struct {
	tvstatsv1.UnimplementedAudienceServer
}
