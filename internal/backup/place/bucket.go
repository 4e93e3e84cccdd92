package place

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/fault"
)

// Bucket is a prefix of a bucket in S3, or in what speaks its protocol.
type Bucket struct {
	client *s3.Client
	upload *transfermanager.Client
	name   string
	prefix string // "", or ends with a slash

	patience time.Duration // until the answer to a question for an object is there, and again for the object
}

var _ backup.Place = (*Bucket)(nil)

const (
	// answerTime bounds the wait for an answer to a request that has been sent.
	answerTime = time.Minute

	// slowest is the transfer, in bytes a second, below which a connection counts as dead.
	slowest = 32 << 10

	// parts go up a few at a time, each held in memory.
	partSize, partsAtOnce = 8 << 20, 3
)

// openBucket reads the SDK's configuration. It asks S3 nothing.
func openBucket(ctx context.Context, name, prefix string) (*Bucket, error) {
	if name == "" {
		return nil, fault.New(fault.Invalid, "%s names no bucket", scheme).WithHint("write s3://BUCKET/PREFIX")
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}), config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.ResponseHeaderTimeout = answerTime
	})))
	if err != nil {
		return nil, fault.New(fault.Environment, "the configuration of AWS cannot be read: %w", err).
			WithHint("it is in ~/.aws/config and ~/.aws/credentials, and in the variables AWS_…")
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.HTTPClient = awssdk.Steady(o.HTTPClient)
		o.UsePathStyle = o.BaseEndpoint != nil // few others than AWS know a bucket by the name of its host
	})
	if client.Options().Region == "" {
		return nil, fault.New(fault.Environment, "no AWS region is set").
			WithHint("name the one that the bucket %s is in: AWS_REGION, or region in the profile", name)
	}
	if prefix != "" {
		prefix += "/"
	}
	return &Bucket{
		client: client, name: name, prefix: prefix, patience: 2 * answerTime,
		upload: transfermanager.New(client, func(o *transfermanager.Options) {
			o.PartSizeBytes, o.MultipartUploadThreshold, o.Concurrency = partSize, 2*partSize, partsAtOnce
			o.FailTimeout = answerTime // to take back what was uploaded of a file, also when the server stops
		}),
	}, nil
}

// String implements backup.Place.
func (b *Bucket) String() string { return strings.TrimSuffix(scheme+b.name+"/"+b.prefix, "/") }

// bound is the context of one transfer.
func bound(ctx context.Context, size int64) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 2*answerTime+time.Duration(size/slowest)*time.Second)
}

// Put implements backup.Place. S3 shows an object once it is whole, and checks the sum that the SDK sends with it.
func (b *Bucket) Put(ctx context.Context, name string, content io.ReadSeeker, size int64) error {
	ctx, cancel := bound(ctx, size)
	defer cancel()
	_, err := b.upload.UploadObject(ctx, &transfermanager.UploadObjectInput{
		Bucket: &b.name, Key: aws.String(b.prefix + name), Body: content, ContentLength: &size,
	})
	return b.explain("write", name, err)
}

// Get implements backup.Place.
func (b *Bucket) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	opened, cancel := context.WithCancelCause(ctx)
	slow := time.AfterFunc(b.patience, func() { cancel(context.DeadlineExceeded) })
	explain := func(err error) error {
		if cause := context.Cause(opened); cause != nil { // the SDK tells only that the context has ended
			err = cause
		}
		return b.explain("read", name, err)
	}
	out, err := b.client.GetObject(opened, &s3.GetObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + name)})
	if err != nil {
		slow.Stop()
		failed := explain(err)
		cancel(nil)
		if awssdk.AnsweredWith(err, "AccessDenied") && b.lacks(ctx, name) {
			return nil, fault.New(fault.NotFound, "there is no %s", scheme+b.name+"/"+b.prefix+name)
		}
		return nil, failed
	}
	slow.Reset(b.patience + time.Duration(aws.ToInt64(out.ContentLength)/slowest)*time.Second)
	return &body{ReadCloser: out.Body, done: func() { slow.Stop(); cancel(nil) }, explain: explain}, nil
}

// lacks reports whether a list without an object tells that there is none. Whoever may list only a part of a bucket, as the role of a
// deployment may, is told of an object that is not there that access to it is denied:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (b *Bucket) lacks(ctx context.Context, name string) bool {
	there, err := b.List(ctx, name)
	return err == nil && !slices.ContainsFunc(there, func(o backup.Object) bool { return o.Name == name })
}

// body is an object that is being read.
type body struct {
	io.ReadCloser

	done    func()
	explain func(error) error
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.explain(err)
	}
	return n, err
}

// Close implements io.Closer.
func (b *body) Close() error {
	err := b.ReadCloser.Close()
	b.done()
	return err
}

// List implements backup.Place.
func (b *Bucket) List(ctx context.Context, prefix string) ([]backup.Object, error) {
	var objects []backup.Object
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: aws.String(b.prefix + prefix)})
	for pages.HasMorePages() {
		ctx, cancel := bound(ctx, 0)
		page, err := pages.NextPage(ctx)
		cancel()
		if err != nil {
			return nil, b.explain("list", prefix, err)
		}
		for _, o := range page.Contents {
			if name, ok := strings.CutPrefix(aws.ToString(o.Key), b.prefix); ok {
				objects = append(objects, backup.Object{Name: name, Size: aws.ToInt64(o.Size)})
			}
		}
	}
	return objects, nil
}

// Delete implements backup.Place.
func (b *Bucket) Delete(ctx context.Context, name string) error {
	ctx, cancel := bound(ctx, 0)
	defer cancel()
	_, err := b.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: aws.String(b.prefix + name)})
	return b.explain("delete", name, err)
}

func (b *Bucket) explain(verb, name string, err error) error {
	object := scheme + b.name + "/" + b.prefix + name
	switch {
	case err == nil:
		return nil
	case awssdk.AnsweredWith(err, "NoSuchBucket"):
		return fault.New(fault.NotFound, "there is no bucket %s", b.name).WithHint("make it, or check its name and the account of the credentials")
	case awssdk.AnsweredWith(err, "NoSuchKey"):
		return fault.New(fault.NotFound, "there is no %s", object)
	case awssdk.AnsweredWith(err, "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"):
		return fault.New(fault.Environment, "the bucket %s is in another region than %s", b.name, b.client.Options().Region).
			WithHint("set AWS_REGION to the region of the bucket")
	default:
		return awssdk.Explain(err, "cannot "+verb+" "+object)
	}
}
