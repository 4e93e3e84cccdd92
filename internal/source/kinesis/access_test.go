package kinesis_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
	"github.com/helios-sql/helios/internal/localkinesis"
	"github.com/helios-sql/helios/internal/source/kinesis"
)

// answering serves one answer to every request, and remembers by whom the requests were signed.
type answering struct {
	status int
	body   string

	mu      sync.Mutex
	signers []string
}

func (a *answering) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, signer, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	signer, _, _ = strings.Cut(signer, "/")
	a.mu.Lock()
	a.signers = append(a.signers, signer)
	a.mu.Unlock()
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

func (a *answering) start(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	return s.URL
}

const role = "arn:aws:iam::210987654321:role/reader"

func TestARoleIsAssumed(t *testing.T) {
	bareMachine(t)
	sts := &answering{status: http.StatusOK, body: `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
		<AccessKeyId>OFTHEROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
		<Expiration>` + time.Now().Add(time.Hour).UTC().Format(time.RFC3339) + `</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`}
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.start(t))
	t.Setenv("AWS_ACCESS_KEY_ID", "OFTHEUSER")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	streams := &answering{status: http.StatusOK, body: `{"HasMoreStreams":false,"StreamNames":[],"StreamSummaries":[]}`}
	account, err := connect(t, ingest.Connection{Region: "eu-central-1", Endpoint: streams.start(t), RoleARN: role})
	require.NoError(t, err)
	for range 2 {
		_, err = account.List(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, []string{"OFTHEUSER"}, sts.signers, "once, by who may assume it")
	require.Equal(t, []string{"OFTHEROLE", "OFTHEROLE"}, streams.signers)
}

// denial is what the SDK makes of an error that says what was denied.
func denial(t *testing.T, err error) *ingest.DeniedError {
	t.Helper()
	require.Equal(t, fault.Credentials, fault.CodeOf(err), "%v", err)
	var denied *ingest.DeniedError
	require.ErrorAs(t, err, &denied)
	return denied
}

func statement(t *testing.T, policy string) (actions []string, resource any, condition any) {
	t.Helper()
	var doc struct {
		Version   string `json:"Version"`
		Statement []struct {
			Effect    string   `json:"Effect"`
			Action    []string `json:"Action"`
			Resource  any      `json:"Resource"`
			Condition any      `json:"Condition"`
		} `json:"Statement"`
	}
	require.NoError(t, json.Unmarshal([]byte(policy), &doc), policy)
	require.Equal(t, "2012-10-17", doc.Version)
	require.Len(t, doc.Statement, 1)
	require.Equal(t, "Allow", doc.Statement[0].Effect)
	return doc.Statement[0].Action, doc.Statement[0].Resource, doc.Statement[0].Condition
}

func TestADenialComesWithThePolicyThatIsMissing(t *testing.T) {
	bareMachine(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	const orders = "arn:aws:kinesis:eu-central-1:123456789012:stream/orders"
	describe := func(stream string) func(*kinesis.Account) error {
		return func(a *kinesis.Account) error { _, err := a.Describe(t.Context(), stream); return err }
	}
	for name, c := range map[string]struct {
		region, kind, message string
		call                  func(*kinesis.Account) error
		action                string
		actions               []string
		resource              any
	}{
		"AWS names the stream": {
			kind: "AccessDeniedException", call: describe("orders"), action: "kinesis:DescribeStreamSummary",
			message:  "User: arn:aws:iam::123456789012:user/ann is not authorized to perform: kinesis:DescribeStreamSummary on resource: " + orders + " because no identity-based policy allows the kinesis:DescribeStreamSummary action",
			actions:  []string{"kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"},
			resource: orders,
		},
		"only the account is known": {
			region: "cn-north-1", kind: "AccessDeniedException", call: describe("orders"), action: "kinesis:DescribeStreamSummary",
			message:  "User: arn:aws-cn:sts::123456789012:assumed-role/x/y is not authorized",
			actions:  []string{"kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"},
			resource: "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/orders",
		},
		"a stream by its ARN": {
			kind: "AccessDeniedException", call: describe(orders), action: "kinesis:DescribeStreamSummary", message: "no",
			actions:  []string{"kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"},
			resource: orders,
		},
		"a list": {
			kind: "AccessDeniedException", message: "no", action: "kinesis:ListStreams", actions: []string{"kinesis:ListStreams"}, resource: "*",
			call: func(a *kinesis.Account) error { _, err := a.List(t.Context()); return err },
		},
		"a key": {
			kind: "KMSAccessDeniedException", call: describe("orders"), action: "kms:Decrypt", actions: []string{"kms:Decrypt"},
			message:  "User: x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-central-1:123456789012:key/k-1 because",
			resource: "arn:aws:kms:eu-central-1:123456789012:key/k-1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.region == "" {
				c.region = "eu-central-1"
			}
			server := &answering{status: http.StatusBadRequest, body: fmt.Sprintf(`{"__type":%q,"message":%q}`, c.kind, c.message)}
			account, err := connect(t, ingest.Connection{Region: c.region, Endpoint: server.start(t)})
			require.NoError(t, err)
			denied := denial(t, c.call(account))
			require.Equal(t, c.action, denied.Action)
			actions, resource, condition := statement(t, denied.Policy)
			require.Equal(t, c.actions, actions)
			require.Equal(t, c.resource, resource)
			require.Nil(t, condition)
		})
	}

	t.Run("a consumer", func(t *testing.T) {
		local := localkinesis.New(localkinesis.Options{})
		require.NoError(t, local.CreateStream("orders", 1))
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "StreamConsumer") {
				(&answering{status: http.StatusBadRequest, body: `{"__type":"AccessDeniedException","message":"no"}`}).ServeHTTP(w, r)
				return
			}
			local.Handler().ServeHTTP(w, r)
		}))
		defer server.Close()
		account, err := connect(t, ingest.Connection{Region: "us-east-1", Endpoint: server.URL})
		require.NoError(t, err)
		denied := denial(t, account.Source("orders", kinesis.Options{Consumer: "helios-orders"}).Retire(t.Context()))
		require.Contains(t, denied.Action, "StreamConsumer")
		actions, resource, _ := statement(t, denied.Policy)
		require.Contains(t, actions, "kinesis:SubscribeToShard")
		require.Contains(t, actions, "kinesis:GetRecords", "what cannot be pushed is polled")
		stream := "arn:aws:kinesis:us-east-1:000000000000:stream/orders"
		require.Equal(t, []any{stream, stream + "/consumer/helios-*"}, resource)
	})

	t.Run("an explicit denial", func(t *testing.T) {
		server := &answering{status: http.StatusBadRequest, body: `{"__type":"AccessDeniedException","message":"no, with an explicit deny in a service control policy"}`}
		account, err := connect(t, ingest.Connection{Region: "eu-central-1", Endpoint: server.start(t)})
		require.NoError(t, err)
		err = describe("orders")(account)
		require.Empty(t, denial(t, err).Policy, "no policy helps")
		require.Contains(t, fault.HintOf(err), "explicitly")
	})

	t.Run("a role", func(t *testing.T) {
		sts := &answering{status: http.StatusForbidden, body: `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:aws:iam::123456789012:user/ann is not authorized to perform: sts:AssumeRole on resource: ` + role + `</Message></Error></ErrorResponse>`}
		t.Setenv("AWS_ENDPOINT_URL_STS", sts.start(t))
		account, err := connect(t, ingest.Connection{Region: "eu-central-1", Endpoint: "http://127.0.0.1:1", RoleARN: role})
		require.NoError(t, err)
		err = describe("orders")(account)
		denied := denial(t, err)
		require.Equal(t, "sts:AssumeRole", denied.Action)
		actions, resource, _ := statement(t, denied.Policy)
		require.Equal(t, []string{"sts:AssumeRole"}, actions)
		require.Equal(t, role, resource)
		require.Contains(t, fault.HintOf(err), "trust policy")
	})
}

func TestTheRateOfAStreamIsMeasured(t *testing.T) {
	bareMachine(t)
	server, endpoint := startLocal(t)
	require.NoError(t, server.CreateStream("storefront", 10))
	account, err := connect(t, ingest.Connection{Endpoint: endpoint})
	require.NoError(t, err)
	rate, err := account.Rate(t.Context(), "storefront")
	require.NoError(t, err)
	require.Equal(t, 8, rate.Measured)
	require.Equal(t, 10, rate.Open)
	require.Zero(t, rate.Records)

	var records []localkinesis.Record
	for i := range 600 {
		records = append(records, localkinesis.Record{PartitionKey: fmt.Sprint(i), Data: []byte("ten bytes!")})
	}
	for some := range slices.Chunk(records, 100) {
		_, err = server.PutRecords("storefront", some)
		require.NoError(t, err)
	}
	rate, err = account.Rate(t.Context(), "storefront")
	require.NoError(t, err)
	require.InDelta(t, 600, rate.Records*rate.Window, 250, "by eight shards of ten")
	require.InEpsilon(t, 10*rate.Records, rate.Bytes, 1e-6)
	require.Less(t, rate.Window, 50., "the stream is younger than a minute")

	_, err = account.Rate(t.Context(), "storefornt")
	require.Equal(t, fault.NotFound, fault.CodeOf(err))
}

func TestAListTellsWhatEachStreamHas(t *testing.T) {
	bareMachine(t)
	server, endpoint := startLocal(t)
	require.NoError(t, server.CreateStream("storefront", 3))
	account, err := connect(t, ingest.Connection{Endpoint: endpoint})
	require.NoError(t, err)
	streams, err := account.List(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, *streams[0].OpenShards)
	require.Equal(t, 24, *streams[0].RetentionHours)
}

func TestWhatTheMachineKnowsOfAWS(t *testing.T) {
	bareMachine(t)
	none := kinesis.Cloud(t.Context())
	require.Empty(t, none.Profiles)
	require.Empty(t, none.Region)
	require.False(t, none.Credentials.Found)
	require.Contains(t, none.Credentials.Detail, "neither")
	require.Contains(t, none.Regions, ingest.Region{Name: "eu-central-1", Title: "Europe (Frankfurt)"})

	dir := t.TempDir()
	write := func(variable, text string) {
		file := filepath.Join(dir, variable)
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		t.Setenv(variable, file)
	}
	write("AWS_CONFIG_FILE", "[profile analytics]\nregion = eu-west-1\n# [profile off]\n[default]\nregion=eu-north-1\n[sso-session x]\n")
	write("AWS_SHARED_CREDENTIALS_FILE", "[backup]\naws_access_key_id=a\naws_secret_access_key=b\n[default]\naws_access_key_id=a\naws_secret_access_key=b\n")
	some := kinesis.Cloud(t.Context())
	require.Equal(t, []string{"default", "analytics", "backup"}, some.Profiles)
	require.Equal(t, "eu-north-1", some.Region)
	require.Equal(t, ingest.CloudCredentials{Found: true, Source: "the AWS configuration files"}, some.Credentials)
}
