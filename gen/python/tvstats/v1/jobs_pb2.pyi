from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tvstats.v1 import subscriber_dynamics_pb2 as _subscriber_dynamics_pb2
from tvstats.v1 import view_stats_pb2 as _view_stats_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class JobState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JOB_STATE_UNSPECIFIED: _ClassVar[JobState]
    JOB_STATE_QUEUED: _ClassVar[JobState]
    JOB_STATE_RUNNING: _ClassVar[JobState]
    JOB_STATE_SUCCEEDED: _ClassVar[JobState]
    JOB_STATE_FAILED: _ClassVar[JobState]
    JOB_STATE_CANCELLED: _ClassVar[JobState]
JOB_STATE_UNSPECIFIED: JobState
JOB_STATE_QUEUED: JobState
JOB_STATE_RUNNING: JobState
JOB_STATE_SUCCEEDED: JobState
JOB_STATE_FAILED: JobState
JOB_STATE_CANCELLED: JobState

class Job(_message.Message):
    __slots__ = ("job_id", "method", "client_ids", "schedule", "state", "progress", "created_at", "started_at", "finished_at", "attempts", "error", "result")
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    CLIENT_IDS_FIELD_NUMBER: _ClassVar[int]
    SCHEDULE_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    FINISHED_AT_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    method: str
    client_ids: _containers.RepeatedScalarFieldContainer[int]
    schedule: str
    state: JobState
    progress: float
    created_at: _timestamp_pb2.Timestamp
    started_at: _timestamp_pb2.Timestamp
    finished_at: _timestamp_pb2.Timestamp
    attempts: int
    error: str
    result: JobResult
    def __init__(self, job_id: _Optional[str] = ..., method: _Optional[str] = ..., client_ids: _Optional[_Iterable[int]] = ..., schedule: _Optional[str] = ..., state: _Optional[_Union[JobState, str]] = ..., progress: _Optional[float] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., started_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., finished_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., attempts: _Optional[int] = ..., error: _Optional[str] = ..., result: _Optional[_Union[JobResult, _Mapping]] = ...) -> None: ...

class JobResult(_message.Message):
    __slots__ = ("create_channel_sorting_by_popularity", "create_channel_selection_by_popularity", "create_epg_selection_by_popularity", "cache_max_online", "save_stats", "collect_daily_stats", "cache_customers_dynamic")
    CREATE_CHANNEL_SORTING_BY_POPULARITY_FIELD_NUMBER: _ClassVar[int]
    CREATE_CHANNEL_SELECTION_BY_POPULARITY_FIELD_NUMBER: _ClassVar[int]
    CREATE_EPG_SELECTION_BY_POPULARITY_FIELD_NUMBER: _ClassVar[int]
    CACHE_MAX_ONLINE_FIELD_NUMBER: _ClassVar[int]
    SAVE_STATS_FIELD_NUMBER: _ClassVar[int]
    COLLECT_DAILY_STATS_FIELD_NUMBER: _ClassVar[int]
    CACHE_CUSTOMERS_DYNAMIC_FIELD_NUMBER: _ClassVar[int]
    create_channel_sorting_by_popularity: _view_stats_pb2.CreateChannelSortingByPopularityResponse
    create_channel_selection_by_popularity: _view_stats_pb2.CreateChannelSelectionByPopularityResponse
    create_epg_selection_by_popularity: _view_stats_pb2.CreateEpgSelectionByPopularityResponse
    cache_max_online: _subscriber_dynamics_pb2.CacheMaxOnlineResponse
    save_stats: _subscriber_dynamics_pb2.SaveStatsResponse
    collect_daily_stats: _subscriber_dynamics_pb2.CollectDailyStatsResponse
    cache_customers_dynamic: _subscriber_dynamics_pb2.CacheCustomersDynamicResponse
    def __init__(self, create_channel_sorting_by_popularity: _Optional[_Union[_view_stats_pb2.CreateChannelSortingByPopularityResponse, _Mapping]] = ..., create_channel_selection_by_popularity: _Optional[_Union[_view_stats_pb2.CreateChannelSelectionByPopularityResponse, _Mapping]] = ..., create_epg_selection_by_popularity: _Optional[_Union[_view_stats_pb2.CreateEpgSelectionByPopularityResponse, _Mapping]] = ..., cache_max_online: _Optional[_Union[_subscriber_dynamics_pb2.CacheMaxOnlineResponse, _Mapping]] = ..., save_stats: _Optional[_Union[_subscriber_dynamics_pb2.SaveStatsResponse, _Mapping]] = ..., collect_daily_stats: _Optional[_Union[_subscriber_dynamics_pb2.CollectDailyStatsResponse, _Mapping]] = ..., cache_customers_dynamic: _Optional[_Union[_subscriber_dynamics_pb2.CacheCustomersDynamicResponse, _Mapping]] = ...) -> None: ...

class StartJobRequest(_message.Message):
    __slots__ = ("create_channel_sorting_by_popularity", "create_channel_selection_by_popularity", "create_epg_selection_by_popularity", "cache_max_online", "save_stats", "collect_daily_stats", "cache_customers_dynamic")
    CREATE_CHANNEL_SORTING_BY_POPULARITY_FIELD_NUMBER: _ClassVar[int]
    CREATE_CHANNEL_SELECTION_BY_POPULARITY_FIELD_NUMBER: _ClassVar[int]
    CREATE_EPG_SELECTION_BY_POPULARITY_FIELD_NUMBER: _ClassVar[int]
    CACHE_MAX_ONLINE_FIELD_NUMBER: _ClassVar[int]
    SAVE_STATS_FIELD_NUMBER: _ClassVar[int]
    COLLECT_DAILY_STATS_FIELD_NUMBER: _ClassVar[int]
    CACHE_CUSTOMERS_DYNAMIC_FIELD_NUMBER: _ClassVar[int]
    create_channel_sorting_by_popularity: _view_stats_pb2.CreateChannelSortingByPopularityRequest
    create_channel_selection_by_popularity: _view_stats_pb2.CreateChannelSelectionByPopularityRequest
    create_epg_selection_by_popularity: _view_stats_pb2.CreateEpgSelectionByPopularityRequest
    cache_max_online: _subscriber_dynamics_pb2.CacheMaxOnlineRequest
    save_stats: _subscriber_dynamics_pb2.SaveStatsRequest
    collect_daily_stats: _subscriber_dynamics_pb2.CollectDailyStatsRequest
    cache_customers_dynamic: _subscriber_dynamics_pb2.CacheCustomersDynamicRequest
    def __init__(self, create_channel_sorting_by_popularity: _Optional[_Union[_view_stats_pb2.CreateChannelSortingByPopularityRequest, _Mapping]] = ..., create_channel_selection_by_popularity: _Optional[_Union[_view_stats_pb2.CreateChannelSelectionByPopularityRequest, _Mapping]] = ..., create_epg_selection_by_popularity: _Optional[_Union[_view_stats_pb2.CreateEpgSelectionByPopularityRequest, _Mapping]] = ..., cache_max_online: _Optional[_Union[_subscriber_dynamics_pb2.CacheMaxOnlineRequest, _Mapping]] = ..., save_stats: _Optional[_Union[_subscriber_dynamics_pb2.SaveStatsRequest, _Mapping]] = ..., collect_daily_stats: _Optional[_Union[_subscriber_dynamics_pb2.CollectDailyStatsRequest, _Mapping]] = ..., cache_customers_dynamic: _Optional[_Union[_subscriber_dynamics_pb2.CacheCustomersDynamicRequest, _Mapping]] = ...) -> None: ...

class StartJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class GetJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class GetJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class ListJobsRequest(_message.Message):
    __slots__ = ("client_id", "page_size", "page_token")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    page_size: int
    page_token: str
    def __init__(self, client_id: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListJobsResponse(_message.Message):
    __slots__ = ("jobs", "next_page_token")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[Job]
    next_page_token: str
    def __init__(self, jobs: _Optional[_Iterable[_Union[Job, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CancelJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class CancelJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class WatchJobRequest(_message.Message):
    __slots__ = ("job_id",)
    JOB_ID_FIELD_NUMBER: _ClassVar[int]
    job_id: str
    def __init__(self, job_id: _Optional[str] = ...) -> None: ...

class WatchJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...
