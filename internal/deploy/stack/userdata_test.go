package stack_test

import (
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy/stack"
)

// filledIn is what CloudFormation puts into user data, as long as they can be.
var filledIn = map[string]string{
	"DataVolume": "vol-0123456789abcdef0", "BackupBucket": strings.Repeat("b", 63), "LogGroup": strings.Repeat("l", 64), "Address": "192.0.2.107",
	"AWS::Region": "ap-southeast-1",
}

// bootOf is the user data of a deployment as its instance gets it, and the name of its wait condition.
func bootOf(t *testing.T, p stack.Parameters) (userData, ready string) {
	t.Helper()
	text, ok := at(parse(t, template(t, p)), "Resources", "Instance", "Properties", "UserData", "Fn::Base64", "Fn::Sub").(string)
	require.True(t, ok)
	filled := regexp.MustCompile(`\$\{([^}]*)\}`).ReplaceAllStringFunc(text, func(found string) string {
		name := found[2 : len(found)-1]
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		if id, ok := strings.CutSuffix(name, "Handle"); ok {
			ready = id
			return "https://cloudformation-waitcondition.example/" + strings.Repeat("x", 1200)
		}
		require.Contains(t, filledIn, name)
		return filledIn[name]
	})
	require.Regexp(t, `^Ready[0-9a-f]{8}$`, ready)
	return filled, ready
}

// shellOf is the script in user data.
func shellOf(t *testing.T, userData string) string {
	t.Helper()
	_, rest, ok := strings.Cut(userData, "#!/bin/bash\n")
	require.True(t, ok)
	script, _, ok := strings.Cut(rest, "--==helios==--")
	require.True(t, ok)
	return script
}

// variableOf is what a script has in a variable before it does anything.
func variableOf(t *testing.T, script, name string) string {
	t.Helper()
	head, _, ok := strings.Cut(script, "set -euo pipefail\n")
	require.True(t, ok)
	out, err := exec.CommandContext(t.Context(), "bash", "-c", head+`printf %s "$`+name+`"`).Output()
	require.NoError(t, err)
	return string(out)
}

func TestTheInstanceIsToldWhatWasMeant(t *testing.T) {
	p := aDeployment()
	p.Settings = "# it's \"mine\": ${Address}, ${!x} and ${ left open — `id` $(id)\nquery: {max_rows: 7}"
	text, ready := bootOf(t, p)
	script := shellOf(t, text)
	out, err := exec.CommandContext(t.Context(), "bash", "-n", "-c", script).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.NotRegexp(t, `[^\t\n -~]`, text, "it says that it is ASCII")

	packed, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(variableOf(t, script, "SETTINGS"))))
	require.NoError(t, err)
	settings, err := io.ReadAll(packed)
	require.NoError(t, err)
	require.Equal(t, p.Settings+"\nsources:\n  - stream: "+orders+"\n    table: orders\n    region: eu-central-1\n", string(settings))
	require.Contains(t, variableOf(t, script, "UNIT"), "\nExecStart=/opt/helios/bin/helios serve --config /etc/helios/helios.yaml\n")
	require.Equal(t, ready, variableOf(t, script, "BOOT"))
	require.Equal(t, "s3://"+p.Artifact.Bucket+"/helios/sha256/"+digest, variableOf(t, script, "ARTIFACT"))
	require.Equal(t, []string{
		"AWS_REGION=ap-southeast-1", "HELIOS_LISTEN=0.0.0.0:443", "HELIOS_DATA=/var/lib/helios/data", "HELIOS_TLS_SELF_SIGNED=true",
		"HELIOS_PUBLIC_URL=https://192.0.2.107", "HELIOS_LOG_FORMAT=json", "HELIOS_BACKUP_TO=s3://" + filledIn["BackupBucket"] + "/helios",
		"HELIOS_BACKUP_EVERY=1h0m0s", "HELIOS_BACKUP_KEEP=48", "HELIOS_CLOUDWATCH_DEPLOYMENT=helios",
	}, strings.Split(variableOf(t, script, "VARIABLES"), "\n"))

	p.Domain, p.HostedZoneID, p.AllowCIDRs = "helios.example.com", "Z0123456789ABCDEFGHIJ", []string{"0.0.0.0/0"}
	text, _ = bootOf(t, p)
	told := variableOf(t, shellOf(t, text), "VARIABLES")
	require.Contains(t, told, "HELIOS_TLS_DOMAIN=helios.example.com\nHELIOS_PUBLIC_URL=https://helios.example.com\n")
	require.NotContains(t, told, "SELF_SIGNED")
}

// noise is text that cannot be made shorter.
func noise(n int) string {
	text := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(text) // which never fails
	return base64.StdEncoding.EncodeToString(text)
}

func TestSettingsOfFourKilobytesFitIntoUserData(t *testing.T) {
	p := aDeployment()
	var b strings.Builder
	b.WriteString("queries:\n")
	for i := 0; b.Len() < 4000; i++ {
		fmt.Fprintf(&b, "  - name: Orders of kind %d\n    sql: SELECT count(*) FROM orders WHERE kind = %d\n", i, i)
	}
	p.Settings = b.String()
	text, _ := bootOf(t, p)
	require.LessOrEqual(t, len(text), 16<<10)
	p.Settings += "# " + noise(6<<10)
	require.ErrorContains(t, p.Validate(), "too long")
}

func TestSettingsThatTheInstanceWouldRefuseAreRefused(t *testing.T) {
	for settings, says := range map[string]string{
		"sources:\n  - {stream: orders, table: other}\n": "declare sources",
		"query:\n  max_row: 7\n":                         `helios.yaml:2: there is no setting "query.max_row"`,
		"insecure_http: true\n":                          "insecure_http",
		"tls: {cert_file: /a, key_file: /b}\n":           "tls",
		"{log: {level: debug}}\n":                        "helios.yaml",
	} {
		p := aDeployment()
		p.Settings = settings
		require.ErrorContains(t, p.Validate(), says)
	}
	p := aDeployment()
	p.Streams[0].Table = ""
	p.Settings = "sources:\n  - {stream: orders, table: other}\n"
	require.NoError(t, p.Validate())
}

func TestWhatChangesTheBootIsWaitedFor(t *testing.T) {
	_, before := bootOf(t, aDeployment())
	for name, change := range map[string]func(*stack.Parameters){
		"version": func(p *stack.Parameters) {
			p.Artifact.SHA256 = strings.Repeat("1", 64)
			p.Artifact.Key = "helios/sha256/" + p.Artifact.SHA256
		},
		"settings":     func(p *stack.Parameters) { p.Settings = "query: {max_rows: 7}" },
		"table":        func(p *stack.Parameters) { p.Streams[0].Table = "other" },
		"volume":       func(p *stack.Parameters) { p.VolumeGiB++ },
		"machine":      func(p *stack.Parameters) { p.InstanceType = "m7g.large" },
		"backups":      func(p *stack.Parameters) { p.BackupKeep++ },
		"how often":    func(p *stack.Parameters) { p.BackupEvery *= 2 },
		"the snapshot": func(p *stack.Parameters) { p.SnapshotID = "snap-0123456789abcdef0" },
		"domain": func(p *stack.Parameters) {
			p.Domain, p.HostedZoneID, p.AllowCIDRs = "helios.example.com", "Z0123456789ABCDEFGHIJ", []string{"0.0.0.0/0"}
		},
	} {
		p := aDeployment()
		change(&p)
		_, after := bootOf(t, p)
		require.NotEqual(t, before, after, name)
	}
	p := aDeployment()
	p.AlarmEmail, p.LogRetentionDays, p.ImageID = "oncall@example.com", 60, "ami-0123456789abcdef0"
	p.AllowCIDRs = append(p.AllowCIDRs, "198.51.100.0/24")
	p.Streams = append(p.Streams, stack.Stream{ARN: clicks})
	_, after := bootOf(t, p)
	require.Equal(t, before, after, "what the running instance need not know does not stop it")
}
