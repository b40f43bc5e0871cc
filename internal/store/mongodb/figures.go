package mongodb

import (
	"context"
	"encoding/json"
	"fmt"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/bson/primitive"
	"go.mongodb.org/mongo-driver/mongo"

	"github.com/tvstats/tvstats/internal/store"
	"github.com/tvstats/tvstats/internal/viewing"
)

var _ store.FigureStore = (*Store)(nil)

// figureDocument is a figure that was computed ahead of time.
type figureDocument struct {
	ID       string             `bson:"_id"` // client/kind/start
	ClientID int32              `bson:"client_id"`
	Kind     int32              `bson:"kind"`
	StartAt  primitive.DateTime `bson:"start_at"`
	Stamp    string             `bson:"stamp"`
	Body     string             `bson:"body"` // JSON, as text: it is answered byte for byte
}

// SaveFigures stores figures; see store.FigureStore. Where it fails some may be stored, each of them right.
func (s *Store) SaveFigures(ctx context.Context, figures []store.Figure) error {
	if err := s.writable(ctx); err != nil {
		return err
	}
	models := make([]mongo.WriteModel, len(figures))
	for i, f := range figures {
		id := fmt.Sprintf("%d/%d/%d", f.ClientID, f.Kind, f.Start)
		models[i] = mongo.NewReplaceOneModel().SetFilter(bson.M{"_id": id}).SetUpsert(true).
			SetReplacement(figureDocument{id, f.ClientID, int32(f.Kind), date(f.Start), f.Stamp, string(f.Body)})
	}
	return fault(ctx, "save figures", bulkUpsert(ctx, s.collection(figuresCollection), models))
}

// Figures answers the figures that start in the window; see store.FigureStore.
func (s *Store) Figures(
	ctx context.Context, kind store.FigureKind, clientID int32, window viewing.Window,
) ([]store.Figure, error) {
	return read(ctx, s.collection(figuresCollection),
		bson.M{"client_id": clientID, "kind": int32(kind), "start_at": within(window)}, "start_at",
		func(d figureDocument) store.Figure {
			return store.Figure{
				Kind: kind, ClientID: d.ClientID, Start: viewing.Millis(d.StartAt), Stamp: d.Stamp, Body: json.RawMessage(d.Body),
			}
		})
}
