package cfntest

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// buckets are S3: objects in memory, and the settings of buckets as they were sent.
type buckets struct {
	store   *s3mem.Backend
	objects http.Handler

	mu       sync.Mutex
	settings map[string][]byte // by "bucket?setting"
	taken    []string          // names that belong to other accounts
}

func newBuckets() *buckets {
	store := s3mem.New()
	// Its clock is not the tests' one, so that it does not look at the age of signatures.
	fake := gofakes3.New(store, gofakes3.WithTimeSkewLimit(0))
	return &buckets{store: store, objects: fake.Server(), settings: map[string][]byte{}}
}

// settings of a bucket by their name in an address, and what is said when there is none.
var bucketSettings = map[string][2]string{
	"policy":            {"BucketPolicy", "NoSuchBucketPolicy"},
	"publicAccessBlock": {"PublicAccessBlock", "NoSuchPublicAccessBlockConfiguration"},
	"encryption":        {"BucketEncryption", "ServerSideEncryptionConfigurationNotFoundError"},
	"tagging":           {"BucketTagging", "NoSuchTagSet"},
	"lifecycle":         {"BucketLifecycleConfiguration", "NoSuchLifecycleConfiguration"},
	"ownershipControls": {"BucketOwnershipControls", "OwnershipControlsNotFoundError"},
}

// setting is the setting that a request is about, if any.
func setting(r *http.Request) (bucket, name string) {
	bucket, object, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	for name := range r.URL.Query() {
		if _, ok := bucketSettings[name]; ok && object == "" {
			return bucket, name
		}
	}
	return bucket, ""
}

// action is the name that a request has in the reference of S3.
func (b *buckets) action(r *http.Request) string {
	verb := map[string]string{http.MethodPut: "Put", http.MethodGet: "Get", http.MethodHead: "Head", http.MethodDelete: "Delete", http.MethodPost: "Post"}[r.Method]
	_, name := setting(r)
	_, object, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case name != "":
		return verb + bucketSettings[name][0]
	case object != "" && r.URL.Query().Has("uploads"):
		return "CreateMultipartUpload"
	case object != "" && r.URL.Query().Has("uploadId") && verb == "Put":
		return "UploadPart"
	case object != "":
		return verb + "Object"
	case verb == "Put":
		return "CreateBucket"
	case verb == "Get":
		return "ListObjects"
	}
	return verb + "Bucket"
}

func (b *buckets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bucket, name := setting(r)
	b.mu.Lock()
	foreign := slices.Contains(b.taken, bucket)
	b.mu.Unlock()
	q := &Request{Service: "s3"}
	switch {
	case foreign && r.Method == http.MethodPut && name == "":
		q.refuse(w, http.StatusConflict, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.")
	case foreign:
		q.refuse(w, http.StatusForbidden, "AccessDenied", "Access Denied")
	case r.Method == http.MethodGet && r.URL.Query().Has("uploads"): // gofakes3 knows no answer when there are none
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, xml.Header+"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>")
	case name == "":
		b.objects.ServeHTTP(w, r)
		if r.Method == http.MethodPut && r.URL.Path == "/"+bucket {
			b.versioned(bucket)
		}
	default:
		b.set(w, r, bucket, name)
	}
}

// versioned lets a bucket tell versions: gofakes3 lists none of those that do not.
func (b *buckets) versioned(bucket string) {
	_ = b.store.SetVersioningConfiguration(bucket, gofakes3.VersioningConfiguration{Status: gofakes3.VersioningEnabled}) // if there is one
}

func (b *buckets) set(w http.ResponseWriter, r *http.Request, bucket, name string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	q, at := &Request{Service: "s3"}, bucket+"?"+name
	if found, err := b.store.BucketExists(bucket); err != nil || !found {
		q.refuse(w, http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist")
		return
	}
	switch r.Method {
	case http.MethodPut:
		b.settings[at] = body
	case http.MethodDelete:
		delete(b.settings, at)
		w.WriteHeader(http.StatusNoContent)
	default:
		text, ok := b.settings[at]
		if !ok {
			q.refuse(w, http.StatusNotFound, bucketSettings[name][1], "There is none")
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		_, _ = w.Write(text) // to whoever is still there
	}
}

// read gives an object by its address.
func (b *buckets) read(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("the address of the template: %w", err)
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if host, _, ok := strings.Cut(u.Host, ".s3."); ok {
		bucket, key = host, strings.TrimPrefix(u.Path, "/")
	}
	object, err := b.store.GetObject(bucket, key, nil)
	if err != nil {
		return "", err
	}
	defer object.Contents.Close()
	text, err := io.ReadAll(object.Contents)
	return string(text), err
}

// add makes a stack's bucket; it gives the reason if that cannot be.
func (b *buckets) add(name string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.Contains(b.taken, name) {
		return name + " already exists (Service: S3, Status Code: 409, Request ID: request)"
	}
	if err := b.store.CreateBucket(name); err != nil {
		return `Resource handler returned message: "Your previous request to create the named bucket succeeded and you already own it. (Service: S3, Status Code: 409, Request ID: request) (SDK Attempt Count: 1)" (RequestToken: token, HandlerErrorCode: AlreadyExists)`
	}
	b.versioned(name)
	return ""
}

// tag gives a bucket its tags.
func (b *buckets) tag(name string, tags map[string]string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var text strings.Builder
	Fields{{"Tagging", Fields{{"TagSet", pairs(tags, "Key", "Value")}}}}.write(&text, "Tag")
	b.settings[name+"?tagging"] = []byte(text.String())
}

// take removes a stack's bucket; it gives the reason if that cannot be.
func (b *buckets) take(name string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	err := b.store.DeleteBucket(name)
	if err == nil || gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchBucket) {
		return ""
	}
	return `Resource handler returned message: "The bucket you tried to delete is not empty (Service: S3, Status Code: 409, Request ID: request) (SDK Attempt Count: 1)" (RequestToken: token, HandlerErrorCode: GeneralServiceException)`
}

// Buckets are the names of those that there are.
func (a *Account) Buckets() []string {
	listed, err := a.s3.store.ListBuckets()
	if err != nil {
		return []string{err.Error()} // which is none that a test waits for
	}
	var names []string
	for _, b := range listed {
		names = append(names, b.Name)
	}
	slices.Sort(names)
	return names
}

// Taken lets names of buckets belong to other accounts.
func (a *Account) Taken(buckets ...string) {
	a.s3.mu.Lock()
	defer a.s3.mu.Unlock()
	a.s3.taken = append(a.s3.taken, buckets...)
}

// PutObject puts an object into a bucket, for example a backup.
func (a *Account) PutObject(bucket, key, content string) error {
	_, err := a.s3.store.PutObject(bucket, key, map[string]string{}, strings.NewReader(content), int64(len(content)), nil)
	if err != nil {
		return errors.Join(fmt.Errorf("%s/%s cannot be put", bucket, key), err)
	}
	return nil
}
