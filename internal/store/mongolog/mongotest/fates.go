package mongotest

import (
	"go.mongodb.org/mongo-driver/bson"
)

// Fate is what becomes of a command. do has the server do it and returns what that says. What Fate returns is sent to the
// client; nil sends no response, for as long as the connection lasts.
type Fate func(do func() bson.Raw) bson.Raw

// Codes of errors, most of a server that was the primary.
const (
	NotWritablePrimary              = 10107
	PrimarySteppedDown              = 189
	InterruptedDueToReplStateChange = 11602
	ShutdownInProgress              = 91
	WriteConcernFailed              = 64
	Unauthorized                    = 13 // of a server that asks who it is
)

// Refused is not done.
func Refused(code int32) Fate {
	return func(func() bson.Raw) bson.Raw { return failure(code) }
}

// Interrupted is done, although the server says that it failed.
func Interrupted(code int32) Fate {
	return func(do func() bson.Raw) bson.Raw {
		do()
		return failure(code)
	}
}

// Unconfirmed is a write that is done, and of which is not known whether a majority will have it.
func Unconfirmed(code int32) Fate {
	return func(do func() bson.Raw) bson.Raw {
		var answer bson.D
		if err := bson.Unmarshal(do(), &answer); err != nil {
			return nil
		}
		return raw(append(answer, bson.E{Key: "writeConcernError", Value: bson.M{"code": code, "errmsg": "no majority"}}))
	}
}

// NoResponse is done, without a response.
func NoResponse(do func() bson.Raw) bson.Raw {
	do()
	return nil
}

func failure(code int32) bson.Raw {
	return raw(bson.D{{Key: "ok", Value: 0.0}, {Key: "errmsg", Value: "refused by the test"}, {Key: "code", Value: code}})
}

func raw(document bson.D) bson.Raw {
	encoded, err := bson.Marshal(document)
	if err != nil {
		panic(err) // it is made of what can be encoded
	}
	return encoded
}
