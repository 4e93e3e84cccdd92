//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"
)

const (
	motoServer = "../.tools/deploy-venv/bin/moto_server" // made by e2e/deploy/venv.sh
	region     = "eu-central-1"
	account    = "123456789012" // moto's
)

// cloud is an AWS account as moto plays it, with a wire tap: what the binary asks for is noted on its way.
type cloud struct {
	t   *testing.T
	env []string
	cfg aws.Config

	mu       sync.Mutex
	asked    map[string]bool // as IAM names it
	policies []string        // of buckets, that moto was not given
	ran      map[string]bool // commands, and commands with a flag
}

// newCloud starts moto and a tap before it.
func newCloud(t *testing.T) *cloud {
	t.Helper()
	require.FileExists(t, motoServer, "e2e/deploy/venv.sh makes it")
	address := freeAddress(t)
	host, port, _ := strings.Cut(address, ":")
	moto := exec.Command(motoServer, "-H", host, "-p", port)
	var said bytes.Buffer
	moto.Stdout, moto.Stderr = &said, &said
	require.NoError(t, moto.Start())
	t.Cleanup(func() {
		_ = moto.Process.Kill()
		_ = moto.Wait()
		if t.Failed() {
			t.Logf("moto said:\n%s", tail(said.String(), 4000))
		}
	})
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + address + "/moto-api/")
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil
	}, time.Minute, 100*time.Millisecond, "moto does not start")

	c := &cloud{t: t, asked: map[string]bool{}, ran: map[string]bool{}}
	to, err := url.Parse("http://" + address)
	require.NoError(t, err)
	forward := httputil.NewSingleHostReverseProxy(to)
	tap := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		action := actionOf(r, body)
		c.mu.Lock()
		c.asked[action] = true
		c.mu.Unlock()
		if action == "s3:PutBucketPolicy" {
			// moto takes every statement with a condition that it cannot judge for a denial of what it names, and would let nobody
			// into the bucket: https://github.com/getmoto/moto, moto/iam/access_control.py. What it would be given is looked at here.
			c.mu.Lock()
			c.policies = append(c.policies, string(body))
			c.mu.Unlock()
			w.WriteHeader(http.StatusNoContent)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(tap.Close)
	c.env = []string{
		"AWS_ENDPOINT_URL=" + tap.URL, "AWS_REGION=" + region, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_CONFIG_FILE=/nonexistent", "AWS_SHARED_CREDENTIALS_FILE=/nonexistent",
	}
	c.cfg = aws.Config{Region: region, BaseEndpoint: aws.String("http://" + address), Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}
	return c
}

// signedFor is the service that a request is signed for.
var signedFor = regexp.MustCompile(`Credential=[^/]+/\d{8}/[^/]*/([a-z0-9-]+)/aws4_request`)

// actionOf is the permission that a request needs, as IAM names it.
func actionOf(r *http.Request, body []byte) string {
	service := "s3"
	if m := signedFor.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		service = m[1]
	}
	switch {
	case r.Header.Get("X-Amz-Target") != "":
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		return service + ":" + operation
	case strings.Contains(r.URL.Path, "/operation/"):
		return service + ":" + r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	case service == "route53":
		parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/2013-04-01/"), "/")
		return "route53:" + map[string]string{"hostedzone1": "ListHostedZones", "hostedzone2": "GetHostedZone", "rrset3": "ListResourceRecordSets"}[fmt.Sprint(parts[len(parts)-1], len(parts))]
	case service != "s3":
		form, _ := url.ParseQuery(string(body))
		return service + ":" + form.Get("Action")
	}
	return "s3:" + s3Action(r)
}

// s3Action is the permission for a request to S3: of the bucket's settings by the name in the query, and of objects.
func s3Action(r *http.Request) string {
	_, key, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	settings := map[string]string{
		"policy": "BucketPolicy", "tagging": "BucketTagging", "publicAccessBlock": "BucketPublicAccessBlock", "encryption": "EncryptionConfiguration",
		"lifecycle": "LifecycleConfiguration", "versioning": "BucketVersioning", "ownershipControls": "BucketOwnershipControls", "location": "BucketLocation",
	}
	verb := map[string]string{http.MethodGet: "Get", http.MethodPut: "Put", http.MethodDelete: "Delete"}[r.Method]
	for name, of := range settings {
		if query.Has(name) {
			return verb + of
		}
	}
	switch {
	case strings.Trim(r.URL.Path, "/") == "":
		return "ListAllMyBuckets"
	case query.Has("delete"):
		return "DeleteObject"
	case query.Has("versions"):
		return "ListBucketVersions"
	case query.Has("uploads") && key == "":
		return "ListBucketMultipartUploads"
	case query.Has("uploadId") && r.Method == http.MethodDelete:
		return "AbortMultipartUpload"
	case key == "":
		return map[string]string{http.MethodGet: "ListBucket", http.MethodHead: "ListBucket", http.MethodPut: "CreateBucket", http.MethodDelete: "DeleteBucket"}[r.Method]
	}
	return map[string]string{
		http.MethodGet: "GetObject", http.MethodHead: "GetObject", http.MethodPut: "PutObject", http.MethodPost: "PutObject", http.MethodDelete: "DeleteObject",
	}[r.Method]
}

// helios runs the binary in the account.
func (c *cloud) helios(args ...string) output {
	c.t.Helper()
	c.note(args)
	return helios(c.t, c.env, args...)
}

// note remembers which command was run and with which flags.
func (c *cloud) note(args []string) {
	c.ran[args[0]] = true
	for _, arg := range args {
		if strings.HasPrefix(arg, "--") {
			c.ran[args[0]+" "+arg] = true
		}
	}
}

// works is helios that must end well; it gives what it wrote.
func (c *cloud) works(args ...string) string {
	c.t.Helper()
	out := c.helios(args...)
	require.Zero(c.t, out.code, "helios %s\n%s%s", strings.Join(args, " "), out.stdout, out.stderr)
	return out.stdout
}

// json is works with --json, read into v.
func (c *cloud) json(v any, args ...string) {
	c.t.Helper()
	text := c.works(append(args, "--json")...)
	require.NoError(c.t, json.Unmarshal([]byte(text), v), text)
}

// must gives the answer of a call that has to work.
func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(answer T, err error) T {
		t.Helper()
		require.NoError(t, err)
		return answer
	}
}

// list is all that there is in the account, a line each. What moto comes with is among it, but for the snapshots of its images.
func (c *cloud) list() []string {
	c.t.Helper()
	t, ctx := c.t, c.t.Context()
	found := map[string]bool{}
	note := func(kind string, ids ...*string) {
		for _, id := range ids {
			found[kind+" "+aws.ToString(id)] = true
		}
	}
	e := ec2.NewFromConfig(c.cfg)
	for _, x := range must[*ec2.DescribeVpcsOutput](t)(e.DescribeVpcs(ctx, nil)).Vpcs {
		note("vpc", x.VpcId)
	}
	for _, x := range must[*ec2.DescribeSubnetsOutput](t)(e.DescribeSubnets(ctx, nil)).Subnets {
		note("subnet", x.SubnetId)
	}
	for _, x := range must[*ec2.DescribeSecurityGroupsOutput](t)(e.DescribeSecurityGroups(ctx, nil)).SecurityGroups {
		note("security group", x.GroupId)
	}
	for _, x := range must[*ec2.DescribeInternetGatewaysOutput](t)(e.DescribeInternetGateways(ctx, nil)).InternetGateways {
		note("internet gateway", x.InternetGatewayId)
	}
	for _, x := range must[*ec2.DescribeRouteTablesOutput](t)(e.DescribeRouteTables(ctx, nil)).RouteTables {
		note("route table", x.RouteTableId)
	}
	for _, x := range must[*ec2.DescribeNetworkInterfacesOutput](t)(e.DescribeNetworkInterfaces(ctx, nil)).NetworkInterfaces {
		note("network interface", x.NetworkInterfaceId)
	}
	for _, x := range must[*ec2.DescribeAddressesOutput](t)(e.DescribeAddresses(ctx, nil)).Addresses {
		note("address", x.PublicIp)
	}
	for _, x := range must[*ec2.DescribeVolumesOutput](t)(e.DescribeVolumes(ctx, nil)).Volumes {
		note("volume", x.VolumeId)
	}
	for _, r := range must[*ec2.DescribeInstancesOutput](t)(e.DescribeInstances(ctx, nil)).Reservations {
		for _, x := range r.Instances {
			if x.State.Name != ec2types.InstanceStateNameTerminated { // which EC2 tells of for an hour
				note("instance", x.InstanceId)
			}
		}
	}
	for _, x := range must[*ec2.DescribeSnapshotsOutput](t)(e.DescribeSnapshots(ctx, nil)).Snapshots {
		if !strings.Contains(aws.ToString(x.Description), "CreateImage") {
			note("snapshot", x.SnapshotId)
		}
	}
	i := iam.NewFromConfig(c.cfg)
	for _, x := range must[*iam.ListRolesOutput](t)(i.ListRoles(ctx, nil)).Roles {
		note("role", x.RoleName)
	}
	for _, x := range must[*iam.ListInstanceProfilesOutput](t)(i.ListInstanceProfiles(ctx, nil)).InstanceProfiles {
		note("instance profile", x.InstanceProfileName)
	}
	for _, x := range must[*s3.ListBucketsOutput](t)(c.s3().ListBuckets(ctx, nil)).Buckets {
		note("bucket", x.Name)
	}
	for _, x := range must[*cloudwatchlogs.DescribeLogGroupsOutput](t)(cloudwatchlogs.NewFromConfig(c.cfg).DescribeLogGroups(ctx, nil)).LogGroups {
		note("log group", x.LogGroupName)
	}
	for _, x := range must[*kinesis.ListStreamsOutput](t)(kinesis.NewFromConfig(c.cfg).ListStreams(ctx, nil)).StreamNames {
		note("stream", &x)
	}
	zones := route53.NewFromConfig(c.cfg)
	for _, zone := range must[*route53.ListHostedZonesOutput](t)(zones.ListHostedZones(ctx, nil)).HostedZones {
		for _, x := range must[*route53.ListResourceRecordSetsOutput](t)(zones.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: zone.Id})).ResourceRecordSets {
			note("record "+string(x.Type), x.Name)
		}
	}
	for _, x := range must[*cloudformation.DescribeStacksOutput](t)(cloudformation.NewFromConfig(c.cfg).DescribeStacks(ctx, nil)).Stacks {
		note("stack", x.StackName)
	}
	// The modules for these two are not among Helios's.
	for service, ask := range map[string]string{"sns": "Action=ListTopics&Version=2010-03-31", "monitoring": "Action=DescribeAlarms&Version=2010-08-01"} {
		request := must[*http.Request](t)(http.NewRequestWithContext(ctx, http.MethodPost, *c.cfg.BaseEndpoint, strings.NewReader(ask)))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20261123/"+region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
		answer := must[*http.Response](t)(http.DefaultClient.Do(request))
		text := must[[]byte](t)(io.ReadAll(answer.Body))
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusOK, answer.StatusCode, string(text))
		for _, arn := range regexp.MustCompile(`<(?:TopicArn|AlarmArn)>([^<]+)<`).FindAllStringSubmatch(string(text), -1) {
			note(service, &arn[1])
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (c *cloud) s3() *s3.Client {
	return s3.NewFromConfig(c.cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

// network makes a VPC with a public subnet, as a company has them, and gives the subnet.
func (c *cloud) network() string {
	c.t.Helper()
	t, ctx, e := c.t, c.t.Context(), ec2.NewFromConfig(c.cfg)
	vpc := must[*ec2.CreateVpcOutput](t)(e.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})).Vpc.VpcId
	subnet := must[*ec2.CreateSubnetOutput](t)(e.CreateSubnet(ctx, &ec2.CreateSubnetInput{
		VpcId: vpc, CidrBlock: aws.String("10.9.1.0/24"), AvailabilityZone: aws.String(region + "a"),
	})).Subnet.SubnetId
	gateway := must[*ec2.CreateInternetGatewayOutput](t)(e.CreateInternetGateway(ctx, nil)).InternetGateway.InternetGatewayId
	must[*ec2.AttachInternetGatewayOutput](t)(e.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: gateway, VpcId: vpc}))
	table := must[*ec2.CreateRouteTableOutput](t)(e.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: vpc})).RouteTable.RouteTableId
	must[*ec2.CreateRouteOutput](t)(e.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: table, DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: gateway}))
	must[*ec2.AssociateRouteTableOutput](t)(e.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: table, SubnetId: subnet}))
	return aws.ToString(subnet)
}

// release is an archive as `make dist` makes it, of a program that runs nowhere here, and the digest of the executable.
func release(t *testing.T, version string) (archive, digest string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":             "module github.com/helios-sql/helios\n", // a program of another one is refused
		"cmd/helios/main.go": "package main\n\nfunc main() { println(\"" + version + "\") }\n",
	} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	build := exec.Command("go", "build", "-trimpath", "-o", filepath.Join(dir, "helios"), "./cmd/helios")
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	program, err := os.ReadFile(filepath.Join(dir, "helios"))
	require.NoError(t, err)
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	files := tar.NewWriter(zip)
	require.NoError(t, files.WriteHeader(&tar.Header{Name: "helios", Mode: 0o755, Size: int64(len(program))}))
	_, err = files.Write(program)
	require.NoError(t, err)
	require.NoError(t, files.Close())
	require.NoError(t, zip.Close())
	archive = filepath.Join(dir, "helios_"+version+"_linux_arm64.tar.gz")
	require.NoError(t, os.WriteFile(archive, packed.Bytes(), 0o600))
	sum := sha256.Sum256(program)
	return archive, hex.EncodeToString(sum[:])
}
