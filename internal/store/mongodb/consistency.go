package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
)

// greeting is what a server tells of itself.
type greeting struct {
	Message        string `bson:"msg"`
	SessionTimeout *int   `bson:"logicalSessionTimeoutMinutes"` // nil without sessions, which MongoDB has since 3.6
}

func (s *Store) greet(ctx context.Context) (greeting, error) {
	var server greeting
	err := s.db.RunCommand(ctx, bson.M{"isMaster": 1}).Decode(&server)
	return server, err
}

// isCluster tells whether the server is a mongos, the door to a sharded cluster.
func (g greeting) isCluster() bool { return g.Message == "isdbgrid" }

// consistently does something in which every read finds what was read and written in it before. Without that a primary that
// is elected meanwhile may not know yet what a majority has: what is rolled up, or removed, of days that were seen as they
// are would for ever lack what was written to them last.
func (s *Store) consistently(ctx context.Context, do func(context.Context) error) error {
	server, err := s.greet(ctx)
	if err != nil {
		return fault(ctx, "ask whether the server has sessions", err)
	}
	if server.SessionTimeout == nil {
		return do(ctx)
	}
	session, err := s.client.StartSession()
	if err != nil {
		return fault(ctx, "start a session", err)
	}
	defer session.EndSession(ctx)
	return do(mongo.NewSessionContext(ctx, session)) //nolint:contextcheck // it is the same one, with the session
}
