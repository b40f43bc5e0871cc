package replica

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/tvstats/tvstats/internal/viewing"
)

var errUnreadable = errors.New("an operation of the log cannot be read")

// The fields of a report in an entry. Never renumber; a new one needs a new format.
const (
	fieldClientID protowire.Number = iota + 1
	fieldAccountID
	fieldDeviceUID
	fieldDevice
	fieldChannelID
	fieldMode
	fieldProgrammeID
	fieldStartedAt
	fieldAt
	fieldWatchedSeconds
	fieldEnded
	fieldTariffs
	fieldLastActivityAt
	fieldPositionAt
)

// fieldReport is the field of a list of reports that holds one.
const fieldReport protowire.Number = 1

// encodeReports is the list as protobuf. Reports are nearly all that a log holds, so that they have an encoding of their own.
func encodeReports(reports []viewing.Report) []byte {
	var all, one []byte
	for i := range reports {
		one = appendReport(one[:0], &reports[i])
		all = protowire.AppendTag(all, fieldReport, protowire.BytesType)
		all = protowire.AppendBytes(all, one)
	}
	return all
}

func appendReport(b []byte, r *viewing.Report) []byte {
	number := func(field protowire.Number, value int64) {
		if value != 0 {
			b = protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), protowire.EncodeZigZag(value))
		}
	}
	text := func(field protowire.Number, value string) {
		b = protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), value)
	}
	number(fieldClientID, int64(r.ClientID))
	number(fieldAccountID, r.AccountID)
	text(fieldDeviceUID, r.DeviceUID)
	text(fieldDevice, r.Device)
	number(fieldChannelID, int64(r.ChannelID))
	number(fieldMode, int64(r.Mode))
	number(fieldProgrammeID, r.ProgrammeID)
	number(fieldStartedAt, int64(r.StartedAt))
	number(fieldAt, int64(r.At))
	number(fieldWatchedSeconds, int64(r.WatchedSeconds))
	if r.Ended {
		number(fieldEnded, 1)
	}
	for _, tariff := range r.Tariffs {
		number(fieldTariffs, int64(tariff))
	}
	number(fieldLastActivityAt, int64(r.LastActivityAt))
	number(fieldPositionAt, int64(r.PositionAt))
	return b
}

// decodeReports reads the list back. An unknown field is an error: what it says would be lost.
func decodeReports(b []byte) ([]viewing.Report, error) {
	var reports []viewing.Report
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 || field != fieldReport || kind != protowire.BytesType {
			return nil, errUnreadable
		}
		one, m := protowire.ConsumeBytes(b[n:])
		if m < 0 {
			return nil, errUnreadable
		}
		b = b[n+m:]
		report, err := decodeReport(one)
		if err != nil {
			return nil, err
		}
		reports = append(reports, report)
	}
	return reports, nil
}

func decodeReport(b []byte) (r viewing.Report, err error) {
	for len(b) > 0 {
		field, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return r, errUnreadable
		}
		b = b[n:]
		var m int
		switch kind {
		case protowire.BytesType:
			var text []byte
			text, m = protowire.ConsumeBytes(b)
			err = setText(&r, field, text)
		case protowire.VarintType:
			var value uint64
			value, m = protowire.ConsumeVarint(b)
			err = setNumber(&r, field, protowire.DecodeZigZag(value))
		default:
			err = errUnreadable
		}
		if err != nil || m < 0 {
			return r, errUnreadable
		}
		b = b[m:]
	}
	return r, nil
}

func setText(r *viewing.Report, field protowire.Number, text []byte) error {
	switch field {
	case fieldDeviceUID:
		r.DeviceUID = string(text)
	case fieldDevice:
		r.Device = string(text)
	default:
		return errUnreadable
	}
	return nil
}

func setNumber(r *viewing.Report, field protowire.Number, value int64) error {
	switch field {
	case fieldClientID:
		r.ClientID = int32(value)
	case fieldAccountID:
		r.AccountID = value
	case fieldChannelID:
		r.ChannelID = int32(value)
	case fieldMode:
		r.Mode = viewing.Mode(value)
	case fieldProgrammeID:
		r.ProgrammeID = value
	case fieldStartedAt:
		r.StartedAt = viewing.Millis(value)
	case fieldAt:
		r.At = viewing.Millis(value)
	case fieldWatchedSeconds:
		r.WatchedSeconds = int32(value)
	case fieldEnded:
		r.Ended = value != 0
	case fieldTariffs:
		r.Tariffs = append(r.Tariffs, int32(value))
	case fieldLastActivityAt:
		r.LastActivityAt = viewing.Millis(value)
	case fieldPositionAt:
		r.PositionAt = viewing.Millis(value)
	default:
		return errUnreadable
	}
	return nil
}
