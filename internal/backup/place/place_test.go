package place_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/backup"
	"github.com/helios-sql/helios/internal/backup/place"
	"github.com/helios-sql/helios/internal/fault"
)

// fakeS3 serves S3 with one bucket, and makes it the one that the SDK's standard chain finds.
func fakeS3(t *testing.T, before func(http.ResponseWriter, *http.Request) bool) {
	t.Helper()
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("backups"))
	s3 := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before == nil || !before(w, r) {
			s3.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	none := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_S3": server.URL, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "not a secret",
		"AWS_CONFIG_FILE": none, "AWS_SHARED_CREDENTIALS_FILE": none, "AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
}

func open(t *testing.T, to string) backup.Place {
	t.Helper()
	p, err := place.Open(t.Context(), to)
	require.NoError(t, err)
	return p
}

func put(t *testing.T, p backup.Place, name string, content []byte) {
	t.Helper()
	require.NoError(t, p.Put(t.Context(), name, bytes.NewReader(content), int64(len(content))))
}

func TestPlacesKeepWhatIsPut(t *testing.T) {
	fakeS3(t, nil)
	dir := filepath.Join(t.TempDir(), "not", "there yet")
	for to, many := range map[string]int{dir: 3, "s3://backups/a prefix/of ours/": 1100, "s3://backups": 3} { // more than a page
		t.Run(to, func(t *testing.T) {
			p := open(t, to)
			require.Equal(t, p.String(), open(t, p.String()).String())
			listed, err := p.List(t.Context(), "")
			require.NoError(t, err)
			beside := len(listed) // s3://backups holds the prefix too
			_, err = p.Get(t.Context(), "objects/none")
			require.Equal(t, fault.NotFound, fault.CodeOf(err), "%v", err)
			require.NoError(t, p.Delete(t.Context(), "objects/none"))

			large := make([]byte, 20<<20+1) // in parts
			_, err = rand.Read(large)
			require.NoError(t, err)
			put(t, p, "objects/a/large.parquet", large)
			put(t, p, "objects/ab", []byte("first"))
			put(t, p, "objects/ab", []byte("second"))
			put(t, p, "STORE", nil)
			for name, want := range map[string][]byte{"objects/a/large.parquet": large, "objects/ab": []byte("second"), "STORE": {}} {
				r, err := p.Get(t.Context(), name)
				require.NoError(t, err)
				have, err := io.ReadAll(r)
				require.NoError(t, err)
				require.NoError(t, r.Close())
				require.True(t, bytes.Equal(want, have), name)
			}
			listed, err = p.List(t.Context(), "objects/a")
			require.NoError(t, err)
			require.ElementsMatch(t, []backup.Object{{Name: "objects/a/large.parquet", Size: int64(len(large))}, {Name: "objects/ab", Size: 6}}, listed)

			for i := range many {
				put(t, p, fmt.Sprintf("objects/many/%d", i), nil)
			}
			listed, err = p.List(t.Context(), "objects/many/")
			require.NoError(t, err)
			require.Len(t, listed, many)
			require.NoError(t, p.Delete(t.Context(), "objects/ab"))
			listed, err = p.List(t.Context(), "")
			require.NoError(t, err)
			require.Len(t, listed, beside+many+2)

			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			require.Error(t, p.Put(ctx, "objects/late", bytes.NewReader(large), int64(len(large))))
			listed, err = p.List(t.Context(), "objects/late")
			require.NoError(t, err)
			require.Empty(t, listed)
		})
	}
}

// failing breaks off.
type failing struct{ *strings.Reader }

func (f failing) Read(p []byte) (int, error) {
	if n, err := f.Reader.Read(p); err == nil {
		return n, nil
	}
	return 0, io.ErrUnexpectedEOF
}

func TestADirectoryShowsNothingHalf(t *testing.T) {
	dir := t.TempDir()
	p := open(t, dir)
	put(t, p, "objects/a", []byte("whole"))
	require.Error(t, p.Put(t.Context(), "objects/a", failing{strings.NewReader("half")}, 8))
	text, err := os.ReadFile(filepath.Join(dir, "objects", "a"))
	require.NoError(t, err)
	require.Equal(t, "whole", string(text))
	info, err := os.Stat(filepath.Join(dir, "objects", "a"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	// What a killed process has left is listed, so that it can be removed.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "objects", "b.part"), []byte("ha"), 0o600))
	listed, err := p.List(t.Context(), "objects/")
	require.NoError(t, err)
	require.Equal(t, []backup.Object{{Name: "objects/a", Size: 5}, {Name: "objects/b.part", Size: 2}}, listed)

	// No name leads out of it.
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(dir, "out")))
	require.Error(t, p.Put(t.Context(), "out/a", strings.NewReader("a"), 1))
	require.Error(t, p.Put(t.Context(), "../a", strings.NewReader("a"), 1))
}

func TestWhatS3DoesNotAllowIsTold(t *testing.T) {
	var answer string
	status := 0
	fakeS3(t, func(w http.ResponseWriter, _ *http.Request) bool {
		if status == 0 {
			return false
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>as AWS says it</Message></Error>", answer)
		return true
	})
	for _, c := range []struct {
		to, answer string
		status     int
		code       fault.Code
		says       string
	}{
		{"s3://nobody-has-it/x", "", 0, fault.NotFound, "no bucket nobody-has-it"},
		{"s3://backups/x", "AccessDenied", 403, fault.Credentials, "as AWS says it"},
		{"s3://backups/x", "ExpiredToken", 400, fault.Environment, "expired"},
		{"s3://backups/x", "PermanentRedirect", 301, fault.Environment, "another region"},
		{"s3://backups/x", "SlowDown", 503, fault.Unavailable, "slow down"},
	} {
		answer, status = c.answer, c.status
		p := open(t, c.to)
		_, listing := p.List(t.Context(), "")
		putting := p.Put(t.Context(), "objects/a", strings.NewReader("a"), 1)
		_, getting := p.Get(t.Context(), "objects/a")
		for _, err := range []error{listing, putting, getting} {
			require.Equal(t, c.code, fault.CodeOf(err), "%s: %v", c.answer, err)
			require.Contains(t, err.Error(), c.says)
			require.NotEmpty(t, fault.HintOf(err))
			require.NotContains(t, err.Error(), "not a secret")
		}
	}
	for _, to := range []string{"", "s3://", "gs://bucket/x", "https://example.com"} {
		_, err := place.Open(t.Context(), to)
		require.Equal(t, fault.Invalid, fault.CodeOf(err), to)
	}
}

// S3 says of an object that is not there that access is denied, unless one may list the whole bucket. The role of a deployment may
// list its own prefix.
func TestWhoMayListAPrefixAloneLearnsWhatIsNotThere(t *testing.T) {
	denied := map[string]bool{}
	fakeS3(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !denied[r.URL.Path] {
			return false
		}
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
		return true
	})
	p := open(t, "s3://backups/helios")
	put(t, p, "STORE.other", []byte("x"))
	put(t, p, "locked", []byte("x"))
	denied["/backups/helios/STORE"], denied["/backups/helios/locked"] = true, true
	_, err := p.Get(t.Context(), "STORE")
	require.Equal(t, fault.NotFound, fault.CodeOf(err), "%v", err)
	_, err = p.Get(t.Context(), "locked")
	require.Equal(t, fault.Credentials, fault.CodeOf(err), "%v", err)
}

func TestAnObjectThatComesNoFurtherIsToldToBeLate(t *testing.T) {
	fakeS3(t, func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "the beginning")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return true
	})
	r, err := place.Impatient(open(t, "s3://backups/helios"), 50*time.Millisecond).Get(t.Context(), "objects/a")
	require.NoError(t, err)
	_, err = io.ReadAll(r)
	require.Equal(t, fault.Environment, fault.CodeOf(err), "what is fetched again: %v", err)
	require.Contains(t, err.Error(), "no answer came in time")
	require.NoError(t, r.Close())
}

func TestWhatIsNoFileIsNotWaitedFor(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "STORE"), 0o600))
	_, err := open(t, dir).Get(t.Context(), "STORE")
	require.Equal(t, fault.Environment, fault.CodeOf(err), "%v", err)
}
