package mongodb

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"

	"github.com/tvstats/tvstats/internal/viewing"
)

// An _id is text whose parts are separated by slashes, the client first. What belongs together lies together in the one
// index that every collection has, and in the chunks of a sharded cluster: "1/2026-03-10T14/…" are the sessions of client 1
// that started in that hour. A slash sorts before all digits, so "1/" is not mixed with "10/".

// entityID is the _id of what the catalog knows under an id.
func entityID[T int32 | int64](clientID int32, id T) string {
	return fmt.Sprintf("%d/%d", clientID, id)
}

// dayID is the _id of a day of a client, and what the _ids of all that belongs to the day begin with.
func dayID(clientID int32, day viewing.Day) string {
	return strconv.Itoa(int(clientID)) + "/" + day.String()
}

// below is the condition that an _id is this one and a slash and more.
func below(id string) bson.M {
	return bson.M{"$gte": id + "/", "$lt": id + "0"} // "0" comes after "/"
}

// ofDays is the condition that an _id begins with the client and a day that the window touches, and goes on after a slash.
func ofDays(clientID int32, w viewing.Window) bson.M {
	return bson.M{"$gte": dayID(clientID, w.From.Day()) + "/", "$lt": dayID(clientID, (w.To-1).Day()) + "0"}
}

// dayOf is the dayID that an _id begins with.
func dayOf(id string) string {
	client, _, _ := strings.Cut(id, "/")
	return id[:len(client)+len("/2006-01-02")]
}

// hourID is what the _ids of the sessions begin with that started in the hour of the instant.
func hourID(clientID int32, at viewing.Millis) string {
	return dayID(clientID, at.Day()) + "T" + hourName(at)
}

// hourName is the hour of the day that holds the instant, "00" to "23".
func hourName(at viewing.Millis) string { return at.Time().Format("15") }

// startedIn is the condition that a session started in one of the hours that the window touches.
func startedIn(clientID int32, w viewing.Window) bson.M {
	return bson.M{"$gte": hourID(clientID, w.From) + "/", "$lt": hourID(clientID, w.To-1) + "0"}
}

// sessionID is the _id of a session: its client and hour, so that it can be found by these, and a digest of the rest of its
// identity. 120 bits of SHA-256 do not collide within an hour.
func sessionID(identity *viewing.Identity) string {
	var key [160]byte
	rest := binary.BigEndian.AppendUint64(key[:0], uint64(identity.StartedAt))
	rest = binary.BigEndian.AppendUint64(rest, uint64(identity.AccountID))
	rest = binary.BigEndian.AppendUint64(rest, uint64(identity.ProgrammeID))
	rest = binary.BigEndian.AppendUint32(rest, uint32(identity.ChannelID))
	rest = append(rest, byte(identity.Mode))
	rest = append(append(rest, identity.Device...), 0) // no kind of device holds a zero
	rest = append(rest, identity.DeviceUID...)
	digest := sha256.Sum256(rest)
	return hourID(identity.ClientID, identity.StartedAt) + "/" + base64.RawURLEncoding.EncodeToString(digest[:15])
}

// date is the instant as the server keeps it: milliseconds since 1970 UTC.
func date(m viewing.Millis) primitive.DateTime { return primitive.DateTime(m) }

// within is the condition that a date lies in the window.
func within(w viewing.Window) bson.M {
	return bson.M{"$gte": date(w.From), "$lt": date(w.To)}
}

// ofClient is the condition that a document whose _id begins with a client is of this one.
func ofClient(clientID int32) bson.M { return below(strconv.Itoa(int(clientID))) }
