from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ViewMode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VIEW_MODE_UNSPECIFIED: _ClassVar[ViewMode]
    VIEW_MODE_LIVE: _ClassVar[ViewMode]
    VIEW_MODE_CATCHUP: _ClassVar[ViewMode]
    VIEW_MODE_TIMESHIFT: _ClassVar[ViewMode]

class Criterion(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CRITERION_UNSPECIFIED: _ClassVar[Criterion]
    CRITERION_WATCH_TIME: _ClassVar[Criterion]
    CRITERION_WATCH_SESSIONS: _ClassVar[Criterion]
    CRITERION_AVERAGE_WATCH_TIME: _ClassVar[Criterion]
    CRITERION_MEDIAN_WATCH_TIME: _ClassVar[Criterion]

class SelectionKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SELECTION_KIND_UNSPECIFIED: _ClassVar[SelectionKind]
    SELECTION_KIND_CHANNELS: _ClassVar[SelectionKind]
    SELECTION_KIND_PROGRAMMES: _ClassVar[SelectionKind]
VIEW_MODE_UNSPECIFIED: ViewMode
VIEW_MODE_LIVE: ViewMode
VIEW_MODE_CATCHUP: ViewMode
VIEW_MODE_TIMESHIFT: ViewMode
CRITERION_UNSPECIFIED: Criterion
CRITERION_WATCH_TIME: Criterion
CRITERION_WATCH_SESSIONS: Criterion
CRITERION_AVERAGE_WATCH_TIME: Criterion
CRITERION_MEDIAN_WATCH_TIME: Criterion
SELECTION_KIND_UNSPECIFIED: SelectionKind
SELECTION_KIND_CHANNELS: SelectionKind
SELECTION_KIND_PROGRAMMES: SelectionKind

class ViewEvent(_message.Message):
    __slots__ = ("client_id", "account_id", "device_uid", "device", "channel_id", "started_at", "at", "watched_seconds", "mode", "programme_id", "ended", "tariffs", "last_activity_at", "position_at")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    DEVICE_UID_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    WATCHED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    PROGRAMME_ID_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    TARIFFS_FIELD_NUMBER: _ClassVar[int]
    LAST_ACTIVITY_AT_FIELD_NUMBER: _ClassVar[int]
    POSITION_AT_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    account_id: int
    device_uid: str
    device: str
    channel_id: int
    started_at: _timestamp_pb2.Timestamp
    at: _timestamp_pb2.Timestamp
    watched_seconds: int
    mode: ViewMode
    programme_id: int
    ended: bool
    tariffs: _containers.RepeatedScalarFieldContainer[int]
    last_activity_at: _timestamp_pb2.Timestamp
    position_at: _timestamp_pb2.Timestamp
    def __init__(self, client_id: _Optional[int] = ..., account_id: _Optional[int] = ..., device_uid: _Optional[str] = ..., device: _Optional[str] = ..., channel_id: _Optional[int] = ..., started_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., watched_seconds: _Optional[int] = ..., mode: _Optional[_Union[ViewMode, str]] = ..., programme_id: _Optional[int] = ..., ended: bool = ..., tariffs: _Optional[_Iterable[int]] = ..., last_activity_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., position_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class StreamEventsRequest(_message.Message):
    __slots__ = ("batch_id", "events")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    batch_id: int
    events: _containers.RepeatedCompositeFieldContainer[ViewEvent]
    def __init__(self, batch_id: _Optional[int] = ..., events: _Optional[_Iterable[_Union[ViewEvent, _Mapping]]] = ...) -> None: ...

class StreamEventsResponse(_message.Message):
    __slots__ = ("batch_id", "accepted", "rejected")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    batch_id: int
    accepted: int
    rejected: _containers.RepeatedCompositeFieldContainer[RejectedEvent]
    def __init__(self, batch_id: _Optional[int] = ..., accepted: _Optional[int] = ..., rejected: _Optional[_Iterable[_Union[RejectedEvent, _Mapping]]] = ...) -> None: ...

class RejectedEvent(_message.Message):
    __slots__ = ("index", "reason", "message")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    index: int
    reason: str
    message: str
    def __init__(self, index: _Optional[int] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class CreateChannelSortingByPopularityRequest(_message.Message):
    __slots__ = ("client_ids", "days_number", "criterion", "devices", "tariffs", "accounts_active", "min_watch_seconds", "as_of")
    CLIENT_IDS_FIELD_NUMBER: _ClassVar[int]
    DAYS_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CRITERION_FIELD_NUMBER: _ClassVar[int]
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    TARIFFS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    MIN_WATCH_SECONDS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    client_ids: _containers.RepeatedScalarFieldContainer[int]
    days_number: int
    criterion: Criterion
    devices: _containers.RepeatedScalarFieldContainer[str]
    tariffs: _containers.RepeatedScalarFieldContainer[int]
    accounts_active: bool
    min_watch_seconds: int
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, client_ids: _Optional[_Iterable[int]] = ..., days_number: _Optional[int] = ..., criterion: _Optional[_Union[Criterion, str]] = ..., devices: _Optional[_Iterable[str]] = ..., tariffs: _Optional[_Iterable[int]] = ..., accounts_active: bool = ..., min_watch_seconds: _Optional[int] = ..., as_of: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateChannelSortingByPopularityResponse(_message.Message):
    __slots__ = ("sortings",)
    SORTINGS_FIELD_NUMBER: _ClassVar[int]
    sortings: _containers.RepeatedCompositeFieldContainer[ChannelSorting]
    def __init__(self, sortings: _Optional[_Iterable[_Union[ChannelSorting, _Mapping]]] = ...) -> None: ...

class CreateChannelSelectionByPopularityRequest(_message.Message):
    __slots__ = ("client_id", "days_number", "criterion", "devices", "tariffs", "accounts_active", "selection_size", "selection_name", "min_watch_seconds", "as_of")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    DAYS_NUMBER_FIELD_NUMBER: _ClassVar[int]
    CRITERION_FIELD_NUMBER: _ClassVar[int]
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    TARIFFS_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTS_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    SELECTION_SIZE_FIELD_NUMBER: _ClassVar[int]
    SELECTION_NAME_FIELD_NUMBER: _ClassVar[int]
    MIN_WATCH_SECONDS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    days_number: int
    criterion: Criterion
    devices: _containers.RepeatedScalarFieldContainer[str]
    tariffs: _containers.RepeatedScalarFieldContainer[int]
    accounts_active: bool
    selection_size: int
    selection_name: str
    min_watch_seconds: int
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, client_id: _Optional[int] = ..., days_number: _Optional[int] = ..., criterion: _Optional[_Union[Criterion, str]] = ..., devices: _Optional[_Iterable[str]] = ..., tariffs: _Optional[_Iterable[int]] = ..., accounts_active: bool = ..., selection_size: _Optional[int] = ..., selection_name: _Optional[str] = ..., min_watch_seconds: _Optional[int] = ..., as_of: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateChannelSelectionByPopularityResponse(_message.Message):
    __slots__ = ("selection",)
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    selection: Selection
    def __init__(self, selection: _Optional[_Union[Selection, _Mapping]] = ...) -> None: ...

class CreateEpgSelectionByPopularityRequest(_message.Message):
    __slots__ = ("client_id", "days_number", "devices", "tariffs", "categories", "channels", "selection_size", "selection_name", "min_watch_seconds", "as_of")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    DAYS_NUMBER_FIELD_NUMBER: _ClassVar[int]
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    TARIFFS_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    SELECTION_SIZE_FIELD_NUMBER: _ClassVar[int]
    SELECTION_NAME_FIELD_NUMBER: _ClassVar[int]
    MIN_WATCH_SECONDS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    days_number: int
    devices: _containers.RepeatedScalarFieldContainer[str]
    tariffs: _containers.RepeatedScalarFieldContainer[int]
    categories: _containers.RepeatedScalarFieldContainer[int]
    channels: _containers.RepeatedScalarFieldContainer[int]
    selection_size: int
    selection_name: str
    min_watch_seconds: int
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, client_id: _Optional[int] = ..., days_number: _Optional[int] = ..., devices: _Optional[_Iterable[str]] = ..., tariffs: _Optional[_Iterable[int]] = ..., categories: _Optional[_Iterable[int]] = ..., channels: _Optional[_Iterable[int]] = ..., selection_size: _Optional[int] = ..., selection_name: _Optional[str] = ..., min_watch_seconds: _Optional[int] = ..., as_of: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CreateEpgSelectionByPopularityResponse(_message.Message):
    __slots__ = ("selection",)
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    selection: Selection
    def __init__(self, selection: _Optional[_Union[Selection, _Mapping]] = ...) -> None: ...

class ChannelSorting(_message.Message):
    __slots__ = ("sorting_id", "client_id", "criterion", "window_start", "window_end", "created_at", "channels")
    SORTING_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    CRITERION_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_FIELD_NUMBER: _ClassVar[int]
    WINDOW_END_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    sorting_id: str
    client_id: int
    criterion: Criterion
    window_start: _timestamp_pb2.Timestamp
    window_end: _timestamp_pb2.Timestamp
    created_at: _timestamp_pb2.Timestamp
    channels: _containers.RepeatedCompositeFieldContainer[RankedChannel]
    def __init__(self, sorting_id: _Optional[str] = ..., client_id: _Optional[int] = ..., criterion: _Optional[_Union[Criterion, str]] = ..., window_start: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., window_end: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., channels: _Optional[_Iterable[_Union[RankedChannel, _Mapping]]] = ...) -> None: ...

class RankedChannel(_message.Message):
    __slots__ = ("rank", "channel_id", "score", "watch_seconds", "watch_sessions", "average_watch_seconds", "median_watch_seconds", "has_statistics")
    RANK_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    WATCH_SECONDS_FIELD_NUMBER: _ClassVar[int]
    WATCH_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    AVERAGE_WATCH_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_WATCH_SECONDS_FIELD_NUMBER: _ClassVar[int]
    HAS_STATISTICS_FIELD_NUMBER: _ClassVar[int]
    rank: int
    channel_id: int
    score: float
    watch_seconds: int
    watch_sessions: int
    average_watch_seconds: float
    median_watch_seconds: float
    has_statistics: bool
    def __init__(self, rank: _Optional[int] = ..., channel_id: _Optional[int] = ..., score: _Optional[float] = ..., watch_seconds: _Optional[int] = ..., watch_sessions: _Optional[int] = ..., average_watch_seconds: _Optional[float] = ..., median_watch_seconds: _Optional[float] = ..., has_statistics: bool = ...) -> None: ...

class Selection(_message.Message):
    __slots__ = ("selection_id", "client_id", "name", "kind", "window_start", "window_end", "created_at", "channels", "programmes")
    SELECTION_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    WINDOW_START_FIELD_NUMBER: _ClassVar[int]
    WINDOW_END_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    PROGRAMMES_FIELD_NUMBER: _ClassVar[int]
    selection_id: str
    client_id: int
    name: str
    kind: SelectionKind
    window_start: _timestamp_pb2.Timestamp
    window_end: _timestamp_pb2.Timestamp
    created_at: _timestamp_pb2.Timestamp
    channels: _containers.RepeatedCompositeFieldContainer[RankedChannel]
    programmes: _containers.RepeatedCompositeFieldContainer[RankedProgramme]
    def __init__(self, selection_id: _Optional[str] = ..., client_id: _Optional[int] = ..., name: _Optional[str] = ..., kind: _Optional[_Union[SelectionKind, str]] = ..., window_start: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., window_end: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., created_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., channels: _Optional[_Iterable[_Union[RankedChannel, _Mapping]]] = ..., programmes: _Optional[_Iterable[_Union[RankedProgramme, _Mapping]]] = ...) -> None: ...

class RankedProgramme(_message.Message):
    __slots__ = ("rank", "programme_id", "channel_id", "title", "score", "watch_seconds", "watch_sessions", "has_statistics")
    RANK_FIELD_NUMBER: _ClassVar[int]
    PROGRAMME_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    WATCH_SECONDS_FIELD_NUMBER: _ClassVar[int]
    WATCH_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    HAS_STATISTICS_FIELD_NUMBER: _ClassVar[int]
    rank: int
    programme_id: int
    channel_id: int
    title: str
    score: float
    watch_seconds: int
    watch_sessions: int
    has_statistics: bool
    def __init__(self, rank: _Optional[int] = ..., programme_id: _Optional[int] = ..., channel_id: _Optional[int] = ..., title: _Optional[str] = ..., score: _Optional[float] = ..., watch_seconds: _Optional[int] = ..., watch_sessions: _Optional[int] = ..., has_statistics: bool = ...) -> None: ...

class ListChannelSortingsRequest(_message.Message):
    __slots__ = ("client_id", "page_size", "page_token")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    page_size: int
    page_token: str
    def __init__(self, client_id: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListChannelSortingsResponse(_message.Message):
    __slots__ = ("sortings", "next_page_token")
    SORTINGS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    sortings: _containers.RepeatedCompositeFieldContainer[ChannelSorting]
    next_page_token: str
    def __init__(self, sortings: _Optional[_Iterable[_Union[ChannelSorting, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetChannelSortingRequest(_message.Message):
    __slots__ = ("sorting_id",)
    SORTING_ID_FIELD_NUMBER: _ClassVar[int]
    sorting_id: str
    def __init__(self, sorting_id: _Optional[str] = ...) -> None: ...

class GetChannelSortingResponse(_message.Message):
    __slots__ = ("sorting",)
    SORTING_FIELD_NUMBER: _ClassVar[int]
    sorting: ChannelSorting
    def __init__(self, sorting: _Optional[_Union[ChannelSorting, _Mapping]] = ...) -> None: ...

class DeleteChannelSortingRequest(_message.Message):
    __slots__ = ("sorting_id",)
    SORTING_ID_FIELD_NUMBER: _ClassVar[int]
    sorting_id: str
    def __init__(self, sorting_id: _Optional[str] = ...) -> None: ...

class DeleteChannelSortingResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListSelectionsRequest(_message.Message):
    __slots__ = ("client_id", "page_size", "page_token", "kind")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    page_size: int
    page_token: str
    kind: SelectionKind
    def __init__(self, client_id: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., kind: _Optional[_Union[SelectionKind, str]] = ...) -> None: ...

class ListSelectionsResponse(_message.Message):
    __slots__ = ("selections", "next_page_token")
    SELECTIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    selections: _containers.RepeatedCompositeFieldContainer[Selection]
    next_page_token: str
    def __init__(self, selections: _Optional[_Iterable[_Union[Selection, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetSelectionRequest(_message.Message):
    __slots__ = ("selection_id",)
    SELECTION_ID_FIELD_NUMBER: _ClassVar[int]
    selection_id: str
    def __init__(self, selection_id: _Optional[str] = ...) -> None: ...

class GetSelectionResponse(_message.Message):
    __slots__ = ("selection",)
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    selection: Selection
    def __init__(self, selection: _Optional[_Union[Selection, _Mapping]] = ...) -> None: ...

class DeleteSelectionRequest(_message.Message):
    __slots__ = ("selection_id",)
    SELECTION_ID_FIELD_NUMBER: _ClassVar[int]
    selection_id: str
    def __init__(self, selection_id: _Optional[str] = ...) -> None: ...

class DeleteSelectionResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
