// Package kinesis reads Amazon Kinesis data streams: every shard, parents before children, from a remembered position,
// for ever. An Account lists and describes streams; a Reader, which implements ingest.Source, reads one of them. The
// package decides in which order shards are read and from where; what has been read is decided by its consumer, who
// commits positions with the rows they cover. It leaves the account it reads from as it is, but for the consumer of a Reader
// that is told to read by enhanced fan-out.
//
// Protocol facts are from the Kinesis API reference and its developer guide, those about emulators from trying them.
package kinesis

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/fault"
	"github.com/helios-sql/helios/internal/ingest"
)

const (
	dialTimeout   = 5 * time.Second
	silentTimeout = 10 * time.Second // a connection that gives no byte for so long is given up
	readAhead     = 256 << 10        // of a subscription, by HTTP/2
	sdkAttempts   = 3                // of calls that the reader does not retry itself
	roleExpiry    = 5 * time.Minute  // before the credentials of a role end, they are got anew
)

// newClient builds the SDK's client for a connection, and the HTTP client for its subscriptions. Whatever the connection leaves
// open comes from the SDK's standard chain. Only an endpoint on this machine, wherever it is named, may go without region and
// credentials: there is nothing behind it that could check them.
func newClient(ctx context.Context, conn ingest.Connection) (client *kinesis.Client, subscribing kinesis.HTTPClient, err error) {
	if err := conn.Check(); err != nil {
		return nil, nil, err
	}
	if _, err := checkEndpoint(conn.Endpoint); err != nil {
		return nil, nil, err
	}
	load := []func(*config.LoadOptions) error{
		config.WithHTTPClient(httpClient()),
		config.WithLogger(logging.Nop{}),
		config.WithRetryer(func() aws.Retryer {
			return retry.AddWithMaxAttempts(retry.AddWithMaxBackoffDelay(retry.NewStandard(), time.Second), sdkAttempts)
		}),
	}
	if conn.Region != "" {
		load = append(load, config.WithRegion(conn.Region))
	}
	if conn.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(conn.Profile))
	}
	cfg, err := loadConfig(ctx, load)
	if err != nil {
		return nil, nil, err
	}
	// AWS_ENDPOINT_URL_KINESIS, AWS_ENDPOINT_URL and the profile's endpoint_url are for the SDK to weigh.
	local, err := checkEndpoint(cmp.Or(conn.Endpoint, aws.ToString(kinesis.NewFromConfig(cfg).Options().BaseEndpoint)))
	if err != nil {
		return nil, nil, err
	}
	if local {
		if cfg, err = loadConfig(ctx, append(load, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))); err != nil {
			return nil, nil, err
		}
		if cfg.Region == "" {
			cfg.Region = "us-east-1"
		}
		if _, err := cfg.Credentials.Retrieve(ctx); err != nil && conn.Profile == "" {
			cfg.Credentials = credentials.NewStaticCredentialsProvider("local", "local", "")
		}
	}
	if cfg.Region == "" {
		return nil, nil, fault.New(fault.Environment, "no AWS region is set").
			WithHint("Pass --region, set AWS_REGION, or choose a profile that names one.")
	}
	if conn.RoleARN != "" {
		role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), conn.RoleARN, func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "helios" })
		cfg.Credentials = aws.NewCredentialsCache(role, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = roleExpiry })
	}
	cfg.Credentials = explainedCredentials{cfg.Credentials}
	client = kinesis.NewFromConfig(cfg, func(o *kinesis.Options) {
		o.HTTPClient = awssdk.Steady(o.HTTPClient)
		if conn.Endpoint != "" {
			o.BaseEndpoint = &conn.Endpoint
		}
	})
	return client, awssdk.Steady(streaming(cfg.HTTPClient)), nil
}

// loadConfig reads what the environment and the configuration files say.
func loadConfig(ctx context.Context, load []func(*config.LoadOptions) error) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return cfg, fault.New(fault.Credentials, "the AWS configuration cannot be loaded: %w", err).
			WithHint("Check AWS_PROFILE and the files ~/.aws/config and ~/.aws/credentials.")
	}
	return cfg, nil
}

// checkEndpoint reports whether an endpoint is on this machine.
func checkEndpoint(endpoint string) (local bool, err error) {
	if endpoint == "" {
		return false, nil
	}
	if strings.Contains(endpoint, "@") { // and so it is not quoted
		return false, fault.New(fault.Invalid, "the URL of an endpoint holds no user and no password").
			WithHint("Credentials come from the standard chain: the environment, the AWS configuration files, or a role.")
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return false, fault.New(fault.Invalid, "%q is not the URL of an endpoint", endpoint).
			WithHint("It looks like http://127.0.0.1:4567 or https://kinesis.eu-west-1.amazonaws.com.")
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback(), nil
}

// httpClient keeps one connection a shard alive and gives up on a silent one; a slow answer of 10 MiB may take its time.
func httpClient() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithReadTimeout(silentTimeout).
		WithTransportOptions(func(t *http.Transport) {
			t.TLSHandshakeTimeout = dialTimeout
			t.ResponseHeaderTimeout = silentTimeout
			t.MaxIdleConns = 0
			t.MaxIdleConnsPerHost = 512
		})
}

// streaming makes an HTTP client for the answers of subscriptions, which last for minutes: who reads them knows when they
// are silent. Of what a consumer does not take for now, little is to be read ahead.
func streaming(c aws.HTTPClient) aws.HTTPClient {
	base, ok := c.(*awshttp.BuildableClient)
	if !ok {
		return c
	}
	return base.WithReadTimeout(0).WithTransportOptions(func(t *http.Transport) {
		t.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: readAhead}
	})
}

// explainedCredentials marks the failures of a credentials provider, so that they can be told from the service's.
type explainedCredentials struct{ aws.CredentialsProvider }

// Retrieve implements aws.CredentialsProvider.
func (p explainedCredentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := p.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return c, &credentialsError{err}
	}
	return c, nil
}

type credentialsError struct{ cause error }

func (e *credentialsError) Error() string { return e.cause.Error() }
func (e *credentialsError) Unwrap() error { return e.cause }
