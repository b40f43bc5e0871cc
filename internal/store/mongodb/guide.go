package mongodb

import (
	"context"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/catalog"
	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

// Programmes answers a page of the guide; see store.CatalogReader.
func (s *Store) Programmes(ctx context.Context, query store.ProgrammeQuery) ([]catalog.Programme, error) {
	if query.Limit == 0 {
		return nil, nil // to the server 0 is no limit
	}
	starting := query.Starting
	match := guideMatch(query.ClientID, store.ChannelSet{Only: query.Channels})
	if last := query.After; last != nil {
		starting.From = max(starting.From, last.Start) // lets the index skip what lies before
		match["$or"] = after(last)
	}
	match["start_at"] = within(starting)
	programmes, err := find[programmeDocument](ctx, s.collection(programmesCollection), match,
		options.Find().SetSort(keys("start_at", "channel_id", "programme_id")).SetLimit(int64(query.Limit)))
	return converted(programmes, programmeDocument.programme), fault(ctx, "read programmes", err)
}

// after is the condition that a programme comes after the last one of the page before.
func after(last *catalog.Programme) bson.A {
	start := date(last.Start)
	return bson.A{
		bson.M{"start_at": bson.M{"$gt": start}},
		bson.M{"start_at": start, "channel_id": bson.M{"$gt": last.ChannelID}},
		bson.M{"start_at": start, "channel_id": last.ChannelID, "programme_id": bson.M{"$gt": last.ID}},
	}
}

// LatestProgrammes answers what starts last in the window; see store.ProgrammeRanker.
func (s *Store) LatestProgrammes(
	ctx context.Context, clientID int32, starting viewing.Window, channels store.ChannelSet, limit int,
) ([]catalog.Programme, error) {
	if limit == 0 {
		return nil, nil
	}
	match := guideMatch(clientID, channels)
	match["start_at"] = within(starting)
	latest, err := find[programmeDocument](ctx, s.collection(programmesCollection), match,
		options.Find().SetSort(bson.M{"start_at": -1}).SetLimit(int64(limit)))
	if err == nil && len(latest) == limit { // then there may be more that start with the last one
		match["start_at"] = bson.M{"$gte": latest[limit-1].StartAt, "$lt": date(starting.To)}
		latest, err = find[programmeDocument](ctx, s.collection(programmesCollection), match)
	}
	return converted(latest, programmeDocument.programme), fault(ctx, "find the latest programmes", err)
}

// guideMatch is the condition for the client's programmes on the channels.
func guideMatch(clientID int32, channels store.ChannelSet) bson.M {
	match := bson.M{"client_id": clientID, "deleted": false}
	if channels.Only == nil && len(channels.Except) == 0 {
		return match
	}
	chosen := bson.M{}
	if channels.Only != nil {
		chosen["$in"] = channels.Only
	}
	if len(channels.Except) > 0 {
		chosen["$nin"] = channels.Except
	}
	match["channel_id"] = chosen
	return match
}

func (d programmeDocument) programme() catalog.Programme {
	return catalog.Programme{
		ID: d.ProgrammeID, ChannelID: d.ChannelID, Title: d.Title, Start: viewing.Millis(d.StartAt), End: viewing.Millis(d.EndAt),
	}
}
