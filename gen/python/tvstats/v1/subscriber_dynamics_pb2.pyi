from google.protobuf import timestamp_pb2 as _timestamp_pb2
from tvstats.v1 import measurement_pb2 as _measurement_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Granularity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    GRANULARITY_UNSPECIFIED: _ClassVar[Granularity]
    GRANULARITY_HOUR: _ClassVar[Granularity]
    GRANULARITY_DAY: _ClassVar[Granularity]
    GRANULARITY_MONTH: _ClassVar[Granularity]
GRANULARITY_UNSPECIFIED: Granularity
GRANULARITY_HOUR: Granularity
GRANULARITY_DAY: Granularity
GRANULARITY_MONTH: Granularity

class CacheMaxOnlineRequest(_message.Message):
    __slots__ = ("client_ids", "as_of")
    CLIENT_IDS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    client_ids: _containers.RepeatedScalarFieldContainer[int]
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, client_ids: _Optional[_Iterable[int]] = ..., as_of: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CacheMaxOnlineResponse(_message.Message):
    __slots__ = ("clients", "days_computed", "days_fresh", "failed")
    CLIENTS_FIELD_NUMBER: _ClassVar[int]
    DAYS_COMPUTED_FIELD_NUMBER: _ClassVar[int]
    DAYS_FRESH_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    clients: int
    days_computed: int
    days_fresh: int
    failed: _containers.RepeatedCompositeFieldContainer[FailedClient]
    def __init__(self, clients: _Optional[int] = ..., days_computed: _Optional[int] = ..., days_fresh: _Optional[int] = ..., failed: _Optional[_Iterable[_Union[FailedClient, _Mapping]]] = ...) -> None: ...

class FailedClient(_message.Message):
    __slots__ = ("client_id", "message")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    message: str
    def __init__(self, client_id: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...

class SaveStatsRequest(_message.Message):
    __slots__ = ("client_ids", "as_of")
    CLIENT_IDS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    client_ids: _containers.RepeatedScalarFieldContainer[int]
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, client_ids: _Optional[_Iterable[int]] = ..., as_of: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class SaveStatsResponse(_message.Message):
    __slots__ = ("clients", "snapshots_computed", "snapshots_fresh", "failed")
    CLIENTS_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOTS_COMPUTED_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOTS_FRESH_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    clients: int
    snapshots_computed: int
    snapshots_fresh: int
    failed: _containers.RepeatedCompositeFieldContainer[FailedClient]
    def __init__(self, clients: _Optional[int] = ..., snapshots_computed: _Optional[int] = ..., snapshots_fresh: _Optional[int] = ..., failed: _Optional[_Iterable[_Union[FailedClient, _Mapping]]] = ...) -> None: ...

class CollectDailyStatsRequest(_message.Message):
    __slots__ = ("client_ids", "as_of")
    CLIENT_IDS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    client_ids: _containers.RepeatedScalarFieldContainer[int]
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, client_ids: _Optional[_Iterable[int]] = ..., as_of: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CollectDailyStatsResponse(_message.Message):
    __slots__ = ("clients", "days_computed", "days_fresh", "healed", "failed")
    CLIENTS_FIELD_NUMBER: _ClassVar[int]
    DAYS_COMPUTED_FIELD_NUMBER: _ClassVar[int]
    DAYS_FRESH_FIELD_NUMBER: _ClassVar[int]
    HEALED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    clients: int
    days_computed: int
    days_fresh: int
    healed: _containers.RepeatedCompositeFieldContainer[HealedDay]
    failed: _containers.RepeatedCompositeFieldContainer[FailedClient]
    def __init__(self, clients: _Optional[int] = ..., days_computed: _Optional[int] = ..., days_fresh: _Optional[int] = ..., healed: _Optional[_Iterable[_Union[HealedDay, _Mapping]]] = ..., failed: _Optional[_Iterable[_Union[FailedClient, _Mapping]]] = ...) -> None: ...

class HealedDay(_message.Message):
    __slots__ = ("client_id", "day")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    DAY_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    day: str
    def __init__(self, client_id: _Optional[int] = ..., day: _Optional[str] = ...) -> None: ...

class CacheCustomersDynamicRequest(_message.Message):
    __slots__ = ("client_ids", "as_of")
    CLIENT_IDS_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    client_ids: _containers.RepeatedScalarFieldContainer[int]
    as_of: _timestamp_pb2.Timestamp
    def __init__(self, client_ids: _Optional[_Iterable[int]] = ..., as_of: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class CacheCustomersDynamicResponse(_message.Message):
    __slots__ = ("clients", "hours_computed", "hours_fresh", "failed")
    CLIENTS_FIELD_NUMBER: _ClassVar[int]
    HOURS_COMPUTED_FIELD_NUMBER: _ClassVar[int]
    HOURS_FRESH_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    clients: int
    hours_computed: int
    hours_fresh: int
    failed: _containers.RepeatedCompositeFieldContainer[FailedClient]
    def __init__(self, clients: _Optional[int] = ..., hours_computed: _Optional[int] = ..., hours_fresh: _Optional[int] = ..., failed: _Optional[_Iterable[_Union[FailedClient, _Mapping]]] = ...) -> None: ...

class GetMaxOnlineRequest(_message.Message):
    __slots__ = ("client_id", "from_day", "to_day", "calendar")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_DAY_FIELD_NUMBER: _ClassVar[int]
    TO_DAY_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    from_day: str
    to_day: str
    calendar: _measurement_pb2.Calendar
    def __init__(self, client_id: _Optional[int] = ..., from_day: _Optional[str] = ..., to_day: _Optional[str] = ..., calendar: _Optional[_Union[_measurement_pb2.Calendar, str]] = ...) -> None: ...

class GetMaxOnlineResponse(_message.Message):
    __slots__ = ("days",)
    DAYS_FIELD_NUMBER: _ClassVar[int]
    days: _containers.RepeatedCompositeFieldContainer[MaxOnlineDay]
    def __init__(self, days: _Optional[_Iterable[_Union[MaxOnlineDay, _Mapping]]] = ...) -> None: ...

class MaxOnlineDay(_message.Message):
    __slots__ = ("day", "max_accounts", "max_accounts_at", "max_devices", "max_devices_at", "coverage", "data_from")
    DAY_FIELD_NUMBER: _ClassVar[int]
    MAX_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    MAX_ACCOUNTS_AT_FIELD_NUMBER: _ClassVar[int]
    MAX_DEVICES_FIELD_NUMBER: _ClassVar[int]
    MAX_DEVICES_AT_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    DATA_FROM_FIELD_NUMBER: _ClassVar[int]
    day: str
    max_accounts: int
    max_accounts_at: _timestamp_pb2.Timestamp
    max_devices: int
    max_devices_at: _timestamp_pb2.Timestamp
    coverage: _measurement_pb2.Coverage
    data_from: _timestamp_pb2.Timestamp
    def __init__(self, day: _Optional[str] = ..., max_accounts: _Optional[int] = ..., max_accounts_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., max_devices: _Optional[int] = ..., max_devices_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., coverage: _Optional[_Union[_measurement_pb2.Coverage, str]] = ..., data_from: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetStatsRequest(_message.Message):
    __slots__ = ("client_id", "as_of", "calendar")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    as_of: _timestamp_pb2.Timestamp
    calendar: _measurement_pb2.Calendar
    def __init__(self, client_id: _Optional[int] = ..., as_of: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., calendar: _Optional[_Union[_measurement_pb2.Calendar, str]] = ...) -> None: ...

class GetStatsResponse(_message.Message):
    __slots__ = ("stats",)
    STATS_FIELD_NUMBER: _ClassVar[int]
    stats: Stats
    def __init__(self, stats: _Optional[_Union[Stats, _Mapping]] = ...) -> None: ...

class Stats(_message.Message):
    __slots__ = ("client_id", "as_of", "total_accounts", "active_accounts", "inactive_accounts", "new_accounts_today", "new_accounts_7_days", "new_accounts_30_days", "online_accounts", "online_devices", "max_online_today", "max_online_ever", "viewing_accounts_24_hours", "viewing_accounts_7_days", "viewing_accounts_30_days", "viewing_devices_24_hours", "viewing_devices_7_days", "viewing_devices_30_days", "active_by_tariff", "viewing_by_device", "payments_today", "payment_sums_today", "paid_accounts_today")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    TOTAL_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    INACTIVE_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    NEW_ACCOUNTS_TODAY_FIELD_NUMBER: _ClassVar[int]
    NEW_ACCOUNTS_7_DAYS_FIELD_NUMBER: _ClassVar[int]
    NEW_ACCOUNTS_30_DAYS_FIELD_NUMBER: _ClassVar[int]
    ONLINE_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    ONLINE_DEVICES_FIELD_NUMBER: _ClassVar[int]
    MAX_ONLINE_TODAY_FIELD_NUMBER: _ClassVar[int]
    MAX_ONLINE_EVER_FIELD_NUMBER: _ClassVar[int]
    VIEWING_ACCOUNTS_24_HOURS_FIELD_NUMBER: _ClassVar[int]
    VIEWING_ACCOUNTS_7_DAYS_FIELD_NUMBER: _ClassVar[int]
    VIEWING_ACCOUNTS_30_DAYS_FIELD_NUMBER: _ClassVar[int]
    VIEWING_DEVICES_24_HOURS_FIELD_NUMBER: _ClassVar[int]
    VIEWING_DEVICES_7_DAYS_FIELD_NUMBER: _ClassVar[int]
    VIEWING_DEVICES_30_DAYS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_BY_TARIFF_FIELD_NUMBER: _ClassVar[int]
    VIEWING_BY_DEVICE_FIELD_NUMBER: _ClassVar[int]
    PAYMENTS_TODAY_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_SUMS_TODAY_FIELD_NUMBER: _ClassVar[int]
    PAID_ACCOUNTS_TODAY_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    as_of: _timestamp_pb2.Timestamp
    total_accounts: int
    active_accounts: int
    inactive_accounts: int
    new_accounts_today: int
    new_accounts_7_days: int
    new_accounts_30_days: int
    online_accounts: int
    online_devices: int
    max_online_today: MaxOnlineDay
    max_online_ever: MaxOnlineDay
    viewing_accounts_24_hours: int
    viewing_accounts_7_days: int
    viewing_accounts_30_days: int
    viewing_devices_24_hours: int
    viewing_devices_7_days: int
    viewing_devices_30_days: int
    active_by_tariff: _containers.RepeatedCompositeFieldContainer[TariffAccounts]
    viewing_by_device: _containers.RepeatedCompositeFieldContainer[DeviceAccounts]
    payments_today: int
    payment_sums_today: _containers.RepeatedCompositeFieldContainer[CurrencySum]
    paid_accounts_today: int
    def __init__(self, client_id: _Optional[int] = ..., as_of: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., total_accounts: _Optional[int] = ..., active_accounts: _Optional[int] = ..., inactive_accounts: _Optional[int] = ..., new_accounts_today: _Optional[int] = ..., new_accounts_7_days: _Optional[int] = ..., new_accounts_30_days: _Optional[int] = ..., online_accounts: _Optional[int] = ..., online_devices: _Optional[int] = ..., max_online_today: _Optional[_Union[MaxOnlineDay, _Mapping]] = ..., max_online_ever: _Optional[_Union[MaxOnlineDay, _Mapping]] = ..., viewing_accounts_24_hours: _Optional[int] = ..., viewing_accounts_7_days: _Optional[int] = ..., viewing_accounts_30_days: _Optional[int] = ..., viewing_devices_24_hours: _Optional[int] = ..., viewing_devices_7_days: _Optional[int] = ..., viewing_devices_30_days: _Optional[int] = ..., active_by_tariff: _Optional[_Iterable[_Union[TariffAccounts, _Mapping]]] = ..., viewing_by_device: _Optional[_Iterable[_Union[DeviceAccounts, _Mapping]]] = ..., payments_today: _Optional[int] = ..., payment_sums_today: _Optional[_Iterable[_Union[CurrencySum, _Mapping]]] = ..., paid_accounts_today: _Optional[int] = ...) -> None: ...

class TariffAccounts(_message.Message):
    __slots__ = ("tariff_id", "accounts")
    TARIFF_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    tariff_id: int
    accounts: int
    def __init__(self, tariff_id: _Optional[int] = ..., accounts: _Optional[int] = ...) -> None: ...

class DeviceAccounts(_message.Message):
    __slots__ = ("device", "accounts")
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    device: str
    accounts: int
    def __init__(self, device: _Optional[str] = ..., accounts: _Optional[int] = ...) -> None: ...

class CurrencySum(_message.Message):
    __slots__ = ("currency", "amount_minor")
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    currency: str
    amount_minor: int
    def __init__(self, currency: _Optional[str] = ..., amount_minor: _Optional[int] = ...) -> None: ...

class ListDailyStatsRequest(_message.Message):
    __slots__ = ("client_id", "from_day", "to_day", "calendar")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_DAY_FIELD_NUMBER: _ClassVar[int]
    TO_DAY_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    from_day: str
    to_day: str
    calendar: _measurement_pb2.Calendar
    def __init__(self, client_id: _Optional[int] = ..., from_day: _Optional[str] = ..., to_day: _Optional[str] = ..., calendar: _Optional[_Union[_measurement_pb2.Calendar, str]] = ...) -> None: ...

class ListDailyStatsResponse(_message.Message):
    __slots__ = ("days",)
    DAYS_FIELD_NUMBER: _ClassVar[int]
    days: _containers.RepeatedCompositeFieldContainer[DailyStats]
    def __init__(self, days: _Optional[_Iterable[_Union[DailyStats, _Mapping]]] = ...) -> None: ...

class DailyStats(_message.Message):
    __slots__ = ("day", "opening_active", "new_accounts", "new_active", "activated", "deactivated", "removed_accounts", "removed_active", "closing_active", "total_accounts", "active_by_tariff", "payments", "payment_sums", "paid_accounts", "viewing_accounts", "watch_seconds", "watch_sessions", "max_online", "coverage", "data_from")
    DAY_FIELD_NUMBER: _ClassVar[int]
    OPENING_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    NEW_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    NEW_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    ACTIVATED_FIELD_NUMBER: _ClassVar[int]
    DEACTIVATED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    REMOVED_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    CLOSING_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_BY_TARIFF_FIELD_NUMBER: _ClassVar[int]
    PAYMENTS_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_SUMS_FIELD_NUMBER: _ClassVar[int]
    PAID_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    VIEWING_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    WATCH_SECONDS_FIELD_NUMBER: _ClassVar[int]
    WATCH_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    MAX_ONLINE_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    DATA_FROM_FIELD_NUMBER: _ClassVar[int]
    day: str
    opening_active: int
    new_accounts: int
    new_active: int
    activated: int
    deactivated: int
    removed_accounts: int
    removed_active: int
    closing_active: int
    total_accounts: int
    active_by_tariff: _containers.RepeatedCompositeFieldContainer[TariffAccounts]
    payments: int
    payment_sums: _containers.RepeatedCompositeFieldContainer[CurrencySum]
    paid_accounts: int
    viewing_accounts: int
    watch_seconds: int
    watch_sessions: int
    max_online: int
    coverage: _measurement_pb2.Coverage
    data_from: _timestamp_pb2.Timestamp
    def __init__(self, day: _Optional[str] = ..., opening_active: _Optional[int] = ..., new_accounts: _Optional[int] = ..., new_active: _Optional[int] = ..., activated: _Optional[int] = ..., deactivated: _Optional[int] = ..., removed_accounts: _Optional[int] = ..., removed_active: _Optional[int] = ..., closing_active: _Optional[int] = ..., total_accounts: _Optional[int] = ..., active_by_tariff: _Optional[_Iterable[_Union[TariffAccounts, _Mapping]]] = ..., payments: _Optional[int] = ..., payment_sums: _Optional[_Iterable[_Union[CurrencySum, _Mapping]]] = ..., paid_accounts: _Optional[int] = ..., viewing_accounts: _Optional[int] = ..., watch_seconds: _Optional[int] = ..., watch_sessions: _Optional[int] = ..., max_online: _Optional[int] = ..., coverage: _Optional[_Union[_measurement_pb2.Coverage, str]] = ..., data_from: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetCustomersDynamicRequest(_message.Message):
    __slots__ = ("client_id", "to", "granularity", "calendar")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    GRANULARITY_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    to: _timestamp_pb2.Timestamp
    granularity: Granularity
    calendar: _measurement_pb2.Calendar
    def __init__(self, client_id: _Optional[int] = ..., to: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., granularity: _Optional[_Union[Granularity, str]] = ..., calendar: _Optional[_Union[_measurement_pb2.Calendar, str]] = ..., **kwargs) -> None: ...

class GetCustomersDynamicResponse(_message.Message):
    __slots__ = ("points",)
    POINTS_FIELD_NUMBER: _ClassVar[int]
    points: _containers.RepeatedCompositeFieldContainer[CustomersDynamicPoint]
    def __init__(self, points: _Optional[_Iterable[_Union[CustomersDynamicPoint, _Mapping]]] = ...) -> None: ...

class CustomersDynamicPoint(_message.Message):
    __slots__ = ("start", "opening_active", "new_accounts", "new_active", "activated", "deactivated", "removed_accounts", "removed_active", "closing_active", "total_accounts", "payments", "payment_sums", "paid_accounts", "viewing_accounts", "watch_seconds", "watch_sessions", "coverage", "data_from")
    START_FIELD_NUMBER: _ClassVar[int]
    OPENING_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    NEW_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    NEW_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    ACTIVATED_FIELD_NUMBER: _ClassVar[int]
    DEACTIVATED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    REMOVED_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    CLOSING_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    PAYMENTS_FIELD_NUMBER: _ClassVar[int]
    PAYMENT_SUMS_FIELD_NUMBER: _ClassVar[int]
    PAID_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    VIEWING_ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    WATCH_SECONDS_FIELD_NUMBER: _ClassVar[int]
    WATCH_SESSIONS_FIELD_NUMBER: _ClassVar[int]
    COVERAGE_FIELD_NUMBER: _ClassVar[int]
    DATA_FROM_FIELD_NUMBER: _ClassVar[int]
    start: _timestamp_pb2.Timestamp
    opening_active: int
    new_accounts: int
    new_active: int
    activated: int
    deactivated: int
    removed_accounts: int
    removed_active: int
    closing_active: int
    total_accounts: int
    payments: int
    payment_sums: _containers.RepeatedCompositeFieldContainer[CurrencySum]
    paid_accounts: int
    viewing_accounts: int
    watch_seconds: int
    watch_sessions: int
    coverage: _measurement_pb2.Coverage
    data_from: _timestamp_pb2.Timestamp
    def __init__(self, start: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., opening_active: _Optional[int] = ..., new_accounts: _Optional[int] = ..., new_active: _Optional[int] = ..., activated: _Optional[int] = ..., deactivated: _Optional[int] = ..., removed_accounts: _Optional[int] = ..., removed_active: _Optional[int] = ..., closing_active: _Optional[int] = ..., total_accounts: _Optional[int] = ..., payments: _Optional[int] = ..., payment_sums: _Optional[_Iterable[_Union[CurrencySum, _Mapping]]] = ..., paid_accounts: _Optional[int] = ..., viewing_accounts: _Optional[int] = ..., watch_seconds: _Optional[int] = ..., watch_sessions: _Optional[int] = ..., coverage: _Optional[_Union[_measurement_pb2.Coverage, str]] = ..., data_from: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
