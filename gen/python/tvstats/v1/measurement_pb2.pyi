from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class Calendar(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CALENDAR_UNSPECIFIED: _ClassVar[Calendar]
    CALENDAR_UTC: _ClassVar[Calendar]
    CALENDAR_CLIENT: _ClassVar[Calendar]

class Coverage(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COVERAGE_UNSPECIFIED: _ClassVar[Coverage]
    COVERAGE_COMPLETE: _ClassVar[Coverage]
    COVERAGE_PROVISIONAL: _ClassVar[Coverage]
    COVERAGE_EXPIRED: _ClassVar[Coverage]
CALENDAR_UNSPECIFIED: Calendar
CALENDAR_UTC: Calendar
CALENDAR_CLIENT: Calendar
COVERAGE_UNSPECIFIED: Coverage
COVERAGE_COMPLETE: Coverage
COVERAGE_PROVISIONAL: Coverage
COVERAGE_EXPIRED: Coverage
