package deploy

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/deploy/stack"
	"github.com/helios-sql/helios/internal/fault"
)

const (
	askTime    = 30 * time.Second // for what takes one or a few requests
	uploadTime = 30 * time.Minute
	emptyTime  = 30 * time.Minute // for a bucket of many objects
	partSize   = 8 << 20

	purposeTag = "helios:purpose"
	artifacts  = "artifacts"
)

// ArtifactBucket is the name of the bucket from which the instances of this account and region take their executable.
func (s *Session) ArtifactBucket() string { return ArtifactBucket(s.Account, s.Region) }

// ArtifactBucket is the name of the bucket from which the instances of an account and region take their executable.
func ArtifactBucket(account, region string) string {
	return "helios-artifacts-" + account + "-" + region
}

// artifactOf is where an executable is kept.
func artifactOf(bucket string, b *Binary) stack.Artifact {
	return stack.Artifact{Bucket: bucket, Key: "helios/sha256/" + b.SHA256, SHA256: b.SHA256, Version: b.Version}
}

// ensureBucket makes the artifact bucket if there is none: private, encrypted, by TLS only.
func (s *Session) ensureBucket(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*askTime)
	defer cancel()
	bucket := s.ArtifactBucket()
	_, err := s.S3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket, ExpectedBucketOwner: &s.Account})
	switch {
	case err == nil:
		if s.settled(ctx, bucket) {
			return nil
		}
	case awssdk.AnsweredWith(err, "Forbidden", "AccessDenied"):
		return fault.New(fault.Conflict, "the bucket %s for Helios's executable cannot be used: it belongs to another account, or you may not list it", bucket).
			WithHint("`helios doctor` says whether a permission is missing; if the name is taken by somebody else, deploy in another region, and tell AWS of it: names with your account's number are yours by custom only")
	case awssdk.AnsweredWith(err, "NotFound", "NoSuchBucket"):
		if err := s.makeBucket(ctx, bucket); err != nil {
			return err
		}
	default:
		return awssdk.Explain(err, "the bucket "+bucket+" for Helios's executable cannot be looked at")
	}
	return s.settle(ctx, bucket)
}

func (s *Session) makeBucket(ctx context.Context, bucket string) error {
	create := &s3.CreateBucketInput{Bucket: &bucket}
	if s.Region != "us-east-1" { // which is what S3 takes for no region, and does not take by its name
		create.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(s.Region)}
	}
	_, err := s.S3.CreateBucket(ctx, create)
	switch {
	case err == nil, awssdk.AnsweredWith(err, "BucketAlreadyOwnedByYou"):
		return nil
	case awssdk.AnsweredWith(err, "BucketAlreadyExists"):
		return fault.New(fault.Conflict, "the bucket %s for Helios's executable cannot be made: somebody else has taken its name", bucket).
			WithHint("deploy in another region with --region; names of buckets are shared by all accounts of AWS")
	case awssdk.AnsweredWith(err, "TooManyBuckets"):
		return fault.New(fault.Conflict, "the bucket %s for Helios's executable cannot be made: the account has as many buckets as it may", bucket).
			WithHint("remove one that is not used, or ask for more under Service Quotas, then run the same command")
	}
	return awssdk.Explain(err, "the bucket "+bucket+" for Helios's executable cannot be made")
}

// settled reports whether a bucket has had all its settings: the tag is the last of them.
func (s *Session) settled(ctx context.Context, bucket string) bool {
	tags, err := s.S3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &bucket, ExpectedBucketOwner: &s.Account})
	if err != nil {
		return false
	}
	for _, tag := range tags.TagSet {
		if aws.ToString(tag.Key) == purposeTag && aws.ToString(tag.Value) == artifacts {
			return true
		}
	}
	return false
}

// settle gives the artifact bucket its settings.
func (s *Session) settle(ctx context.Context, bucket string) error {
	owner := &s.Account
	policy, err := json.Marshal(map[string]any{
		"Version": "2012-10-17",
		"Statement": []any{map[string]any{
			"Sid": "TLSOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
			"Resource":  []string{"arn:" + s.Partition + ":s3:::" + bucket, "arn:" + s.Partition + ":s3:::" + bucket + "/*"},
			"Condition": map[string]any{"Bool": map[string]string{"aws:SecureTransport": "false"}},
		}},
	})
	if err != nil {
		return fault.New(fault.Internal, "the policy of the bucket cannot be written: %w", err)
	}
	steps := []func() error{
		func() error {
			_, err := s.S3.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
				Bucket: &bucket, ExpectedBucketOwner: owner,
				PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
					BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
				},
			})
			return err
		},
		func() error {
			_, err := s.S3.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{
				Bucket: &bucket, ExpectedBucketOwner: owner,
				ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{
					ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256},
				}}},
			})
			return err
		},
		func() error {
			_, err := s.S3.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &bucket, ExpectedBucketOwner: owner, Policy: aws.String(string(policy))})
			return err
		},
		func() error { // what an upload that was broken off has left costs nothing for long
			_, err := s.S3.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
				Bucket: &bucket, ExpectedBucketOwner: owner,
				LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{{
					ID: aws.String("broken-off-uploads"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")},
					AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(1)},
				}}},
			})
			return err
		},
		func() error {
			_, err := s.S3.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{
				Bucket: &bucket, ExpectedBucketOwner: owner,
				Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String(purposeTag), Value: aws.String(artifacts)}}},
			})
			return err
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return awssdk.Explain(err, "the bucket "+bucket+" for Helios's executable has been made and cannot be closed to others")
		}
	}
	return nil
}

// has reports whether an executable is where instances take it from.
func (s *Session) has(ctx context.Context, a stack.Artifact) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	_, err := s.S3.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &a.Bucket, Key: &a.Key, ExpectedBucketOwner: &s.Account})
	switch {
	case err == nil:
		return true, nil
	case awssdk.AnsweredWith(err, "NotFound", "NoSuchKey", "NoSuchBucket"):
		return false, nil
	}
	return false, awssdk.Explain(err, "the bucket "+a.Bucket+" for Helios's executable cannot be looked at")
}

// Has reports whether an executable is known to be where instances take it from.
func (s *Session) Has(ctx context.Context, a stack.Artifact) bool {
	there, err := s.has(ctx, a)
	return err == nil && there
}

// Upload puts an executable where instances take it from, unless it is there. It tells of each part that has arrived.
func (s *Session) Upload(ctx context.Context, b *Binary, tell func(done, whole int64)) (uploaded bool, err error) {
	if err := s.ensureBucket(ctx); err != nil {
		return false, err
	}
	a := artifactOf(s.ArtifactBucket(), b)
	if there, err := s.has(ctx, a); err != nil || there {
		return false, err
	}
	content, err := os.Open(b.Path)
	if err != nil {
		return false, fault.New(fault.Environment, "cannot read the artifact: %w", err)
	}
	defer content.Close()
	ctx, cancel := context.WithTimeout(ctx, uploadTime)
	defer cancel()
	transfers := transfermanager.New(s.S3, func(o *transfermanager.Options) {
		o.PartSizeBytes, o.FailTimeout = partSize, askTime
		o.ObjectProgressListeners.Register(arrivals{whole: b.Size, tell: tell})
	})
	_, err = transfers.UploadObject(ctx, &transfermanager.UploadObjectInput{Bucket: &a.Bucket, Key: &a.Key, Body: content, ExpectedBucketOwner: &s.Account})
	if err != nil {
		return false, awssdk.Explain(err, "Helios's executable cannot be uploaded to "+a.Bucket)
	}
	return true, nil
}

// arrivals tells how much of an upload has arrived.
type arrivals struct {
	whole int64
	tell  func(done, whole int64)
}

func (a arrivals) OnObjectBytesTransferred(_ context.Context, e *transfermanager.ObjectBytesTransferredEvent) {
	if a.tell != nil {
		a.tell(e.BytesTransferred, a.whole)
	}
}

// removeBucket empties a bucket of all versions of its objects and removes it. One that is gone already is no failure.
func (s *Session) removeBucket(ctx context.Context, bucket string, tell func(objects int)) error {
	ctx, cancel := context.WithTimeout(ctx, emptyTime)
	defer cancel()
	failed := func(err error) error {
		if awssdk.AnsweredWith(err, "NoSuchBucket", "NotFound") {
			return nil
		}
		return awssdk.Explain(err, "the bucket "+bucket+" cannot be removed")
	}
	uploads := s3.NewListMultipartUploadsPaginator(s.S3, &s3.ListMultipartUploadsInput{Bucket: &bucket, ExpectedBucketOwner: &s.Account})
	for uploads.HasMorePages() {
		page, err := uploads.NextPage(ctx)
		if err != nil {
			return failed(err)
		}
		for _, u := range page.Uploads {
			_, err := s.S3.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &bucket, Key: u.Key, UploadId: u.UploadId, ExpectedBucketOwner: &s.Account})
			if err != nil && !awssdk.AnsweredWith(err, "NoSuchUpload") {
				return failed(err)
			}
		}
	}
	removed := 0
	versions := s3.NewListObjectVersionsPaginator(s.S3, &s3.ListObjectVersionsInput{Bucket: &bucket, ExpectedBucketOwner: &s.Account})
	for versions.HasMorePages() {
		page, err := versions.NextPage(ctx)
		if err != nil {
			return failed(err)
		}
		var all []types.ObjectIdentifier
		for _, v := range page.Versions {
			all = append(all, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, m := range page.DeleteMarkers {
			all = append(all, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
		}
		if len(all) == 0 {
			continue
		}
		out, err := s.S3.DeleteObjects(ctx, &s3.DeleteObjectsInput{
			Bucket: &bucket, ExpectedBucketOwner: &s.Account, Delete: &types.Delete{Objects: all, Quiet: aws.Bool(true)},
		})
		if err != nil {
			return failed(err)
		}
		if len(out.Errors) > 0 {
			first := out.Errors[0]
			return fault.New(fault.Unavailable, "the bucket %s cannot be emptied: %s: %w", bucket, aws.ToString(first.Key), errors.New(aws.ToString(first.Message))).
				WithHint("somebody may have locked its objects; when that is mended, run the same command again")
		}
		if removed += len(all); tell != nil {
			tell(removed)
		}
	}
	if _, err := s.S3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &bucket, ExpectedBucketOwner: &s.Account}); err != nil {
		return failed(err)
	}
	return nil
}
