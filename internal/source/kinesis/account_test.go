package kinesis_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/localkinesis"
	"github.com/helios-sql/helios/internal/source/kinesis"
)

// bareMachine hides what this machine knows of AWS.
func bareMachine(t *testing.T) {
	t.Helper()
	nothing := filepath.Join(t.TempDir(), "nothing")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_REGION": "", "AWS_DEFAULT_REGION": "",
		"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_KINESIS": "", "AWS_CONFIG_FILE": nothing, "AWS_SHARED_CREDENTIALS_FILE": nothing,
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "", "AWS_WEB_IDENTITY_TOKEN_FILE": "",
	} {
		t.Setenv(name, value)
	}
}

func startLocal(t *testing.T) (*localkinesis.Server, string) {
	t.Helper()
	server := localkinesis.New(localkinesis.Options{})
	listener := httptest.NewServer(server.Handler())
	t.Cleanup(listener.Close)
	return server, listener.URL
}

func connect(t *testing.T, c ingest.Connection) (*kinesis.Account, error) {
	t.Helper()
	return kinesis.NewAccount(t.Context(), c, slog.New(slog.DiscardHandler))
}

func TestStreamsOfALocalEndpointNeedNoCredentials(t *testing.T) {
	bareMachine(t)
	server, endpoint := startLocal(t)
	require.NoError(t, server.CreateStream("storefront", 2))
	require.NoError(t, server.CreateStream("audit", 0))
	account, err := connect(t, ingest.Connection{Endpoint: endpoint})
	require.NoError(t, err)

	streams, err := account.List(t.Context())
	require.NoError(t, err)
	require.Len(t, streams, 2)
	require.Equal(t, "audit", streams[0].Name)
	require.Equal(t, "ON_DEMAND", streams[0].Mode)
	require.Equal(t, "ACTIVE", streams[1].Status)
	require.False(t, streams[1].CreatedAt.IsZero())

	for _, name := range []string{"storefront", streams[1].ARN} {
		detail, err := account.Describe(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, streams[1].StreamSummary, detail.StreamSummary)
		require.Equal(t, 2, detail.OpenShards)
		require.Equal(t, 24, detail.RetentionHours)
		require.Len(t, detail.Shards, 2)
		require.Equal(t, "0", detail.Shards[0].FirstHash)
		require.Equal(t, "340282366920938463463374607431768211455", detail.Shards[1].LastHash)
		require.True(t, detail.Shards[0].Open)
	}
}

func TestTheSDKsOwnEndpointVariableIsRead(t *testing.T) {
	bareMachine(t)
	server, endpoint := startLocal(t)
	require.NoError(t, server.CreateStream("storefront", 1))
	t.Setenv("AWS_ENDPOINT_URL_KINESIS", endpoint)
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	account, err := connect(t, ingest.Connection{Region: "eu-central-1"})
	require.NoError(t, err)
	_, err = account.Describe(t.Context(), "storefront")
	require.NoError(t, err)
}

func TestALocalEndpointNeedsNoCredentialsWhereverItIsNamed(t *testing.T) {
	server, endpoint := startLocal(t)
	require.NoError(t, server.CreateStream("storefront", 1))
	file := filepath.Join(t.TempDir(), "config")
	require.NoError(t, os.WriteFile(file, []byte("[default]\nendpoint_url = "+endpoint+"\n"), 0o600))
	for name, value := range map[string]string{"AWS_ENDPOINT_URL_KINESIS": endpoint, "AWS_ENDPOINT_URL": endpoint, "AWS_CONFIG_FILE": file} {
		t.Run(name, func(t *testing.T) {
			bareMachine(t)
			t.Setenv(name, value)
			account, err := connect(t, ingest.Connection{})
			require.NoError(t, err)
			_, err = account.Describe(t.Context(), "storefront")
			require.NoError(t, err)
		})
	}
	bareMachine(t)
	t.Setenv("AWS_ENDPOINT_URL_KINESIS", "127.0.0.1:4567")
	_, err := connect(t, ingest.Connection{})
	require.ErrorContains(t, err, `"127.0.0.1:4567" is not the URL of an endpoint`)
	_, err = connect(t, ingest.Connection{Endpoint: (&url.URL{Scheme: "http", User: url.UserPassword("ann", "secret"), Host: "127.0.0.1:4567"}).String()})
	require.Equal(t, fault.Invalid, fault.CodeOf(err))
	require.NotContains(t, err.Error(), "secret")
	t.Setenv("AWS_ENDPOINT_URL_KINESIS", "http://203.0.113.1:4567")
	_, err = connect(t, ingest.Connection{})
	require.Equal(t, fault.Environment, fault.CodeOf(err), "elsewhere it may be anybody's: %v", err)
}

func TestErrorsSayWhatFailedAndWhatToTry(t *testing.T) {
	bareMachine(t)
	server, endpoint := startLocal(t)
	require.NoError(t, server.CreateStream("storefront", 1))
	// refusing answers every call with an error of this type.
	refusing := func(code string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"__type":"` + code + `","message":"so it is"}`))
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	for _, c := range []struct {
		name       string
		connection ingest.Connection
		stream     string
		code       fault.Code
		says       []string // in the message or the hint
	}{
		{"a stream of another name", ingest.Connection{Endpoint: endpoint}, "storefornt", fault.NotFound, []string{"storefornt", "Did you mean storefront"}},
		{"a stream like no other", ingest.Connection{Endpoint: endpoint}, "zzz", fault.NotFound, []string{"zzz", "helios streams list"}},
		{"a name that cannot be", ingest.Connection{Endpoint: endpoint}, "no name!", fault.Invalid, []string{"no name!", "Check the name"}},
		{"nobody listening", ingest.Connection{Endpoint: "http://127.0.0.1:1"}, "storefront", fault.Network, []string{"http://127.0.0.1:1", "refused"}},
		{"not a URL", ingest.Connection{Endpoint: "localhost:4567"}, "storefront", fault.Invalid, []string{"localhost:4567"}},
		{"no region", ingest.Connection{}, "storefront", fault.Environment, []string{"region", "AWS_REGION"}},
		{"no credentials", ingest.Connection{Region: "eu-central-1"}, "storefront", fault.Credentials, []string{"credentials", "AWS_PROFILE"}},
		{"an endpoint elsewhere without credentials", ingest.Connection{Region: "eu-central-1", Endpoint: "http://192.0.2.1"}, "s", fault.Credentials, []string{"credentials"}},
		{"an unknown profile", ingest.Connection{Profile: "nobody"}, "storefront", fault.Credentials, []string{"nobody"}},
		{"a missing permission", ingest.Connection{Endpoint: refusing("AccessDeniedException")}, "s", fault.Credentials, []string{"kinesis:DescribeStreamSummary", "so it is"}},
		{"credentials that have expired", ingest.Connection{Endpoint: refusing("ExpiredTokenException")}, "s", fault.Credentials, []string{"expired", "aws sso login"}},
		{"credentials that nobody knows", ingest.Connection{Endpoint: refusing("UnrecognizedClientException")}, "s", fault.Credentials, []string{"does not accept"}},
		{"a key that may not be used", ingest.Connection{Endpoint: refusing("KMSAccessDeniedException")}, "s", fault.Credentials, []string{"kms:Decrypt"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			account, err := connect(t, c.connection)
			if err == nil {
				_, err = account.Describe(t.Context(), c.stream)
			}
			require.Error(t, err)
			require.Equal(t, c.code, fault.CodeOf(err), err.Error())
			for _, says := range c.says {
				require.Contains(t, err.Error()+"\n"+fault.HintOf(err), says)
			}
		})
	}
}
