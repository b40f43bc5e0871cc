package mongolog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/bson"
	"go.mongodb.org/mongo-driver/mongo"
	"go.mongodb.org/mongo-driver/mongo/gridfs"
	"go.mongodb.org/mongo-driver/mongo/options"

	"github.com/tvstats/tvstats/internal/store"
)

// chunkSize is that of the documents that make up a part. It divides what the driver writes at once.
const chunkSize = 1 << 20

// bucket is where the parts are; their names are their ids, so that one can be there only once.
func bucket(db *mongo.Database) (*gridfs.Bucket, error) {
	return gridfs.NewBucket(db, options.GridFSBucket().SetName(partsBucket).SetChunkSizeBytes(chunkSize))
}

// PutPart stores the part. What an attempt left that broke off is removed first; a part that is whole stays as it is.
func (l *Log) PutPart(ctx context.Context, name string, content io.Reader) error {
	db, err := l.database(ctx)
	if err != nil {
		return err
	}
	if whole, err := hasPart(ctx, db, name); err != nil || whole {
		return l.fault(ctx, "look for part "+name, err)
	}
	return l.fault(ctx, "store part "+name, put(ctx, db, name, content))
}

func put(ctx context.Context, db *mongo.Database, name string, content io.Reader) error {
	if err := removePart(ctx, db, name); err != nil {
		return err
	}
	parts, err := bucket(db)
	if err != nil {
		return err
	}
	upload, err := parts.OpenUploadStreamWithID(name, name)
	if err != nil {
		return err
	}
	if err := upload.SetWriteDeadline(deadline(ctx)); err != nil {
		return err
	}
	if _, err := io.Copy(upload, &interruptible{ctx, io.NopCloser(content)}); err != nil {
		return errors.Join(err, upload.Abort())
	}
	return upload.Close()
}

// Part reads a part back.
func (l *Log) Part(ctx context.Context, name string) (io.ReadCloser, error) {
	db, err := l.database(ctx)
	if err != nil {
		return nil, err
	}
	parts, err := bucket(db)
	if err != nil {
		return nil, err
	}
	download, err := parts.OpenDownloadStream(name)
	if errors.Is(err, gridfs.ErrFileNotFound) {
		return nil, fmt.Errorf("part %s: %w", name, store.ErrNotFound)
	}
	if err == nil {
		err = download.SetReadDeadline(deadline(ctx))
	}
	if err != nil {
		return nil, l.fault(ctx, "read part "+name, err)
	}
	return &faulty{&interruptible{ctx, download}, func(err error) error { return l.fault(ctx, "read part "+name, err) }}, nil
}

// deadline is when what is done with a part must have ended: the driver's GridFS knows no contexts.
func deadline(ctx context.Context) time.Time {
	until, _ := ctx.Deadline()
	return until
}

// interruptible reads until its context ends.
type interruptible struct {
	ctx context.Context
	io.ReadCloser
}

// Read reads on.
func (r *interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.ReadCloser.Read(p)
}

// faulty says what failed while it is read.
type faulty struct {
	io.ReadCloser
	fault func(error) error
}

// Read reads on.
func (r *faulty) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.fault(err)
	}
	return n, err
}

// HasPart returns whether the part is there with all its chunks.
func (l *Log) HasPart(ctx context.Context, name string) (bool, error) {
	db, err := l.database(ctx)
	if err != nil {
		return false, err
	}
	whole, err := hasPart(ctx, db, name)
	return whole, l.fault(ctx, "look for part "+name, err)
}

func hasPart(ctx context.Context, db *mongo.Database, name string) (bool, error) {
	var file struct {
		Length    int64 `bson:"length"`
		ChunkSize int64 `bson:"chunkSize"`
	}
	err := db.Collection(filesCollection).FindOne(ctx, bson.M{"_id": name}).Decode(&file)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var chunks struct {
		Count int64 `bson:"n"`
	}
	err = db.RunCommand(ctx, bson.D{{Key: "count", Value: chunksCollection}, {Key: "query", Value: bson.M{"files_id": name}}}).Decode(&chunks)
	return chunks.Count == (file.Length+file.ChunkSize-1)/file.ChunkSize, err
}

// Parts lists the names of all parts, of those too that are there in pieces only.
func (l *Log) Parts(ctx context.Context) ([]string, error) {
	db, err := l.database(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for collection, field := range map[string]string{filesCollection: "_id", chunksCollection: "files_id"} {
		found, err := db.Collection(collection).Distinct(ctx, field, bson.M{})
		if err != nil {
			return nil, l.fault(ctx, "list the parts", err)
		}
		for _, name := range found {
			if name, ok := name.(string); ok {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// RemoveParts removes the parts.
func (l *Log) RemoveParts(ctx context.Context, names []string) error {
	db, err := l.database(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := removePart(ctx, db, name); err != nil {
			return l.fault(ctx, "remove part "+name, err)
		}
	}
	return nil
}

// removePart removes first what says that the part is whole.
func removePart(ctx context.Context, db *mongo.Database, name string) error {
	if _, err := db.Collection(filesCollection).DeleteOne(ctx, bson.M{"_id": name}); err != nil {
		return err
	}
	_, err := db.Collection(chunksCollection).DeleteMany(ctx, bson.M{"files_id": name})
	return err
}
