from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SyncRequest(_message.Message):
    __slots__ = ("batch_id", "client_id", "client", "channels", "tariffs", "categories", "accounts", "programmes", "payments", "guide_ranges")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    TARIFFS_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    PROGRAMMES_FIELD_NUMBER: _ClassVar[int]
    PAYMENTS_FIELD_NUMBER: _ClassVar[int]
    GUIDE_RANGES_FIELD_NUMBER: _ClassVar[int]
    batch_id: int
    client_id: int
    client: Client
    channels: _containers.RepeatedCompositeFieldContainer[Channel]
    tariffs: _containers.RepeatedCompositeFieldContainer[Tariff]
    categories: _containers.RepeatedCompositeFieldContainer[Category]
    accounts: _containers.RepeatedCompositeFieldContainer[Account]
    programmes: _containers.RepeatedCompositeFieldContainer[Programme]
    payments: _containers.RepeatedCompositeFieldContainer[Payment]
    guide_ranges: _containers.RepeatedCompositeFieldContainer[GuideRange]
    def __init__(self, batch_id: _Optional[int] = ..., client_id: _Optional[int] = ..., client: _Optional[_Union[Client, _Mapping]] = ..., channels: _Optional[_Iterable[_Union[Channel, _Mapping]]] = ..., tariffs: _Optional[_Iterable[_Union[Tariff, _Mapping]]] = ..., categories: _Optional[_Iterable[_Union[Category, _Mapping]]] = ..., accounts: _Optional[_Iterable[_Union[Account, _Mapping]]] = ..., programmes: _Optional[_Iterable[_Union[Programme, _Mapping]]] = ..., payments: _Optional[_Iterable[_Union[Payment, _Mapping]]] = ..., guide_ranges: _Optional[_Iterable[_Union[GuideRange, _Mapping]]] = ...) -> None: ...

class GuideRange(_message.Message):
    __slots__ = ("channel_id", "to")
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    channel_id: int
    to: _timestamp_pb2.Timestamp
    def __init__(self, channel_id: _Optional[int] = ..., to: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., **kwargs) -> None: ...

class Client(_message.Message):
    __slots__ = ("client_id", "name", "time_zone", "collection_enabled")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    COLLECTION_ENABLED_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    name: str
    time_zone: str
    collection_enabled: bool
    def __init__(self, client_id: _Optional[int] = ..., name: _Optional[str] = ..., time_zone: _Optional[str] = ..., collection_enabled: bool = ...) -> None: ...

class Channel(_message.Message):
    __slots__ = ("channel_id", "name", "number", "categories", "enabled", "deleted")
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    ENABLED_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    channel_id: int
    name: str
    number: int
    categories: _containers.RepeatedScalarFieldContainer[int]
    enabled: bool
    deleted: bool
    def __init__(self, channel_id: _Optional[int] = ..., name: _Optional[str] = ..., number: _Optional[int] = ..., categories: _Optional[_Iterable[int]] = ..., enabled: bool = ..., deleted: bool = ...) -> None: ...

class Tariff(_message.Message):
    __slots__ = ("tariff_id", "name", "deleted")
    TARIFF_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    tariff_id: int
    name: str
    deleted: bool
    def __init__(self, tariff_id: _Optional[int] = ..., name: _Optional[str] = ..., deleted: bool = ...) -> None: ...

class Category(_message.Message):
    __slots__ = ("category_id", "name", "deleted")
    CATEGORY_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    category_id: int
    name: str
    deleted: bool
    def __init__(self, category_id: _Optional[int] = ..., name: _Optional[str] = ..., deleted: bool = ...) -> None: ...

class Account(_message.Message):
    __slots__ = ("account_id", "active", "tariffs", "registered_at", "changed_at", "deleted", "excluded")
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    TARIFFS_FIELD_NUMBER: _ClassVar[int]
    REGISTERED_AT_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    EXCLUDED_FIELD_NUMBER: _ClassVar[int]
    account_id: int
    active: bool
    tariffs: _containers.RepeatedScalarFieldContainer[int]
    registered_at: _timestamp_pb2.Timestamp
    changed_at: _timestamp_pb2.Timestamp
    deleted: bool
    excluded: bool
    def __init__(self, account_id: _Optional[int] = ..., active: bool = ..., tariffs: _Optional[_Iterable[int]] = ..., registered_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., changed_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., deleted: bool = ..., excluded: bool = ...) -> None: ...

class Programme(_message.Message):
    __slots__ = ("programme_id", "channel_id", "title", "start", "end", "deleted")
    PROGRAMME_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    END_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    programme_id: int
    channel_id: int
    title: str
    start: _timestamp_pb2.Timestamp
    end: _timestamp_pb2.Timestamp
    deleted: bool
    def __init__(self, programme_id: _Optional[int] = ..., channel_id: _Optional[int] = ..., title: _Optional[str] = ..., start: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., end: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., deleted: bool = ...) -> None: ...

class Payment(_message.Message):
    __slots__ = ("payment_id", "account_id", "amount_minor", "currency", "paid_at", "deleted")
    PAYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_MINOR_FIELD_NUMBER: _ClassVar[int]
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    PAID_AT_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    payment_id: int
    account_id: int
    amount_minor: int
    currency: str
    paid_at: _timestamp_pb2.Timestamp
    deleted: bool
    def __init__(self, payment_id: _Optional[int] = ..., account_id: _Optional[int] = ..., amount_minor: _Optional[int] = ..., currency: _Optional[str] = ..., paid_at: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., deleted: bool = ...) -> None: ...

class SyncResponse(_message.Message):
    __slots__ = ("batch_id", "applied", "rejected")
    BATCH_ID_FIELD_NUMBER: _ClassVar[int]
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    batch_id: int
    applied: int
    rejected: _containers.RepeatedCompositeFieldContainer[RejectedEntity]
    def __init__(self, batch_id: _Optional[int] = ..., applied: _Optional[int] = ..., rejected: _Optional[_Iterable[_Union[RejectedEntity, _Mapping]]] = ...) -> None: ...

class RejectedEntity(_message.Message):
    __slots__ = ("index", "entity", "reason", "message")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    ENTITY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    index: int
    entity: str
    reason: str
    message: str
    def __init__(self, index: _Optional[int] = ..., entity: _Optional[str] = ..., reason: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class ListClientsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListClientsResponse(_message.Message):
    __slots__ = ("clients", "next_page_token")
    CLIENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    clients: _containers.RepeatedCompositeFieldContainer[Client]
    next_page_token: str
    def __init__(self, clients: _Optional[_Iterable[_Union[Client, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListChannelsRequest(_message.Message):
    __slots__ = ("client_id", "page_size", "page_token")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    page_size: int
    page_token: str
    def __init__(self, client_id: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListChannelsResponse(_message.Message):
    __slots__ = ("channels", "next_page_token")
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    channels: _containers.RepeatedCompositeFieldContainer[Channel]
    next_page_token: str
    def __init__(self, channels: _Optional[_Iterable[_Union[Channel, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListTariffsRequest(_message.Message):
    __slots__ = ("client_id", "page_size", "page_token")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    page_size: int
    page_token: str
    def __init__(self, client_id: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListTariffsResponse(_message.Message):
    __slots__ = ("tariffs", "next_page_token")
    TARIFFS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    tariffs: _containers.RepeatedCompositeFieldContainer[Tariff]
    next_page_token: str
    def __init__(self, tariffs: _Optional[_Iterable[_Union[Tariff, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListCategoriesRequest(_message.Message):
    __slots__ = ("client_id", "page_size", "page_token")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    page_size: int
    page_token: str
    def __init__(self, client_id: _Optional[int] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCategoriesResponse(_message.Message):
    __slots__ = ("categories", "next_page_token")
    CATEGORIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    categories: _containers.RepeatedCompositeFieldContainer[Category]
    next_page_token: str
    def __init__(self, categories: _Optional[_Iterable[_Union[Category, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListProgrammesRequest(_message.Message):
    __slots__ = ("client_id", "channels", "start_from", "start_to", "page_size", "page_token")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    START_FROM_FIELD_NUMBER: _ClassVar[int]
    START_TO_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    channels: _containers.RepeatedScalarFieldContainer[int]
    start_from: _timestamp_pb2.Timestamp
    start_to: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    def __init__(self, client_id: _Optional[int] = ..., channels: _Optional[_Iterable[int]] = ..., start_from: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., start_to: _Optional[_Union[_timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListProgrammesResponse(_message.Message):
    __slots__ = ("programmes", "next_page_token")
    PROGRAMMES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    programmes: _containers.RepeatedCompositeFieldContainer[Programme]
    next_page_token: str
    def __init__(self, programmes: _Optional[_Iterable[_Union[Programme, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetAccountRequest(_message.Message):
    __slots__ = ("client_id", "account_id")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    account_id: int
    def __init__(self, client_id: _Optional[int] = ..., account_id: _Optional[int] = ...) -> None: ...

class GetAccountResponse(_message.Message):
    __slots__ = ("account",)
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    account: Account
    def __init__(self, account: _Optional[_Union[Account, _Mapping]] = ...) -> None: ...

class EraseAccountRequest(_message.Message):
    __slots__ = ("client_id", "account_id")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_ID_FIELD_NUMBER: _ClassVar[int]
    client_id: int
    account_id: int
    def __init__(self, client_id: _Optional[int] = ..., account_id: _Optional[int] = ...) -> None: ...

class EraseAccountResponse(_message.Message):
    __slots__ = ("sessions", "states", "payments")
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    PAYMENTS_FIELD_NUMBER: _ClassVar[int]
    sessions: int
    states: int
    payments: int
    def __init__(self, sessions: _Optional[int] = ..., states: _Optional[int] = ..., payments: _Optional[int] = ...) -> None: ...
