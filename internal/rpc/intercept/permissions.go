package intercept

import (
	"slices"

	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/reflection/grpc_reflection_v1alpha"

	tvstatsv1 "github.com/tvstats/tvstats/gen/go/tvstats/v1"
	"github.com/tvstats/tvstats/internal/auth"
)

// Who may call a method: roles, of clients that the token covers. The stricter question, of which clients, is asked where
// a call names one.
var (
	toTakeIn  = []auth.Role{auth.Gateway, auth.Backend, auth.Operator}
	toRead    = []auth.Role{auth.Reader, auth.Support, auth.Backend, auth.Operator}
	toChange  = []auth.Role{auth.Backend, auth.Operator}
	toSupport = []auth.Role{auth.Support, auth.Operator}
	toOperate = []auth.Role{auth.Operator}
	toAny     = auth.Roles
)

// permissions is the one table from method to the roles that may call it. A method that is not in it is closed to all.
var permissions = map[string][]auth.Role{
	tvstatsv1.ViewStats_StreamEvents_FullMethodName: toTakeIn,

	tvstatsv1.ViewStats_CreateChannelSortingByPopularity_FullMethodName:   toChange,
	tvstatsv1.ViewStats_CreateChannelSelectionByPopularity_FullMethodName: toChange,
	tvstatsv1.ViewStats_CreateEpgSelectionByPopularity_FullMethodName:     toChange,
	tvstatsv1.ViewStats_ListChannelSortings_FullMethodName:                toRead,
	tvstatsv1.ViewStats_GetChannelSorting_FullMethodName:                  toRead,
	tvstatsv1.ViewStats_DeleteChannelSorting_FullMethodName:               toChange,
	tvstatsv1.ViewStats_ListSelections_FullMethodName:                     toRead,
	tvstatsv1.ViewStats_GetSelection_FullMethodName:                       toRead,
	tvstatsv1.ViewStats_DeleteSelection_FullMethodName:                    toChange,

	tvstatsv1.ViewStats_ExplainRank_FullMethodName:  toRead,
	tvstatsv1.ViewStats_ListSessions_FullMethodName: toSupport,

	tvstatsv1.Audience_GetAudience_FullMethodName:         toRead,
	tvstatsv1.Audience_GetProgrammeRatings_FullMethodName: toRead,
	tvstatsv1.Audience_GetAudienceCurve_FullMethodName:    toRead,
	tvstatsv1.Audience_GetAudienceFlow_FullMethodName:     toRead,

	tvstatsv1.Catalog_Sync_FullMethodName:           toChange,
	tvstatsv1.Catalog_ListClients_FullMethodName:    toRead,
	tvstatsv1.Catalog_ListChannels_FullMethodName:   toRead,
	tvstatsv1.Catalog_ListTariffs_FullMethodName:    toRead,
	tvstatsv1.Catalog_ListCategories_FullMethodName: toRead,
	tvstatsv1.Catalog_ListProgrammes_FullMethodName: toRead,
	tvstatsv1.Catalog_GetAccount_FullMethodName:     toRead,
	tvstatsv1.Catalog_EraseAccount_FullMethodName:   toChange,

	tvstatsv1.SubscriberDynamics_CacheMaxOnline_FullMethodName:        toChange,
	tvstatsv1.SubscriberDynamics_SaveStats_FullMethodName:             toChange,
	tvstatsv1.SubscriberDynamics_CollectDailyStats_FullMethodName:     toChange,
	tvstatsv1.SubscriberDynamics_CacheCustomersDynamic_FullMethodName: toChange,
	tvstatsv1.SubscriberDynamics_GetMaxOnline_FullMethodName:          toRead,
	tvstatsv1.SubscriberDynamics_GetStats_FullMethodName:              toRead,
	tvstatsv1.SubscriberDynamics_ListDailyStats_FullMethodName:        toRead,
	tvstatsv1.SubscriberDynamics_GetCustomersDynamic_FullMethodName:   toRead,

	tvstatsv1.Jobs_StartJob_FullMethodName:  toChange,
	tvstatsv1.Jobs_GetJob_FullMethodName:    toRead,
	tvstatsv1.Jobs_ListJobs_FullMethodName:  toRead,
	tvstatsv1.Jobs_CancelJob_FullMethodName: toChange,
	tvstatsv1.Jobs_WatchJob_FullMethodName:  toRead,

	tvstatsv1.Operation_Backup_FullMethodName:    toOperate,
	tvstatsv1.Operation_GetStatus_FullMethodName: toOperate,

	grpc_reflection_v1.ServerReflection_ServerReflectionInfo_FullMethodName:      toAny,
	grpc_reflection_v1alpha.ServerReflection_ServerReflectionInfo_FullMethodName: toAny,
}

// publicMethods are the methods that need no token: probes have none.
var publicMethods = []string{
	grpc_health_v1.Health_Check_FullMethodName, grpc_health_v1.Health_List_FullMethodName, grpc_health_v1.Health_Watch_FullMethodName,
}

func permitted(method string, role auth.Role) bool { return slices.Contains(permissions[method], role) }
