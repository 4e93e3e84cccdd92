//go:build e2e && linux

// Package boot runs the user data of a deployment for real: in a machine of its own with systemd, the hardened unit and the real
// binary. What stands in for AWS is the bucket, the wait condition's handle, and three programs of Amazon Linux: aws, dnf and the
// CloudWatch agent. It needs root, for loop devices and namespaces, and fails without.
package boot

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy/stack"
)

const (
	secret   = "not-for-anybody" // of the presigned URL
	password = "correct horse battery staple"

	mib = 1 << 20
)

// parameters are those of a deployment that runs an artifact.
func parameters(digest string) stack.Parameters {
	return stack.Parameters{
		Name: "helios", Account: "123456789012", Region: "eu-central-1", Arch: "arm64", InstanceType: "t4g.medium", VolumeGiB: 100,
		AllowCIDRs:  []string{"203.0.113.0/24"},
		Settings:    "# Of a person: it's ${theirs}.\nadmin: {email: me@example.com, password_file: /etc/helios/password}\nquery:\n  max_rows: 77\n",
		BackupEvery: time.Hour, BackupKeep: 48, LogRetentionDays: 30,
		Artifact: stack.Artifact{Bucket: "helios-artifacts-123456789012-eu-central-1", Key: "helios/sha256/" + digest, SHA256: digest, Version: "v1.2.3"},
	}
}

// script is the shell script that cloud-init finds in the user data of a template, once CloudFormation has put in what it refers to.
func script(t *testing.T, p stack.Parameters, a *aws) string {
	t.Helper()
	text, err := stack.Template(p)
	require.NoError(t, err)
	var template struct {
		Resources map[string]struct {
			Properties struct {
				UserData map[string]map[string]string `yaml:"UserData"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	require.NoError(t, yaml.Unmarshal(text, &template))
	filled := regexp.MustCompile(`\$\{([^}]*)\}`).ReplaceAllStringFunc(template.Resources["Instance"].Properties.UserData["Fn::Base64"]["Fn::Sub"], func(ref string) string {
		name := ref[2 : len(ref)-1]
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		if strings.HasPrefix(name, "Ready") && strings.HasSuffix(name, "Handle") {
			require.Contains(t, template.Resources, name)
			return a.url + "/" + name + "?Expires=1&Signature=" + secret
		}
		value, ok := map[string]string{
			"DataVolume": volumeID, "BackupBucket": "backups", "LogGroup": "helios", "Address": "192.0.2.7", "AWS::Region": "eu-central-1",
		}[name]
		require.True(t, ok, name)
		return value
	})
	message, err := mail.ReadMessage(strings.NewReader(filled))
	require.NoError(t, err)
	kind, how, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/mixed", kind)
	parts := multipart.NewReader(message.Body, how["boundary"])
	var found []string
	for _, kind := range []string{"text/cloud-config", "text/x-shellscript"} {
		part, err := parts.NextPart()
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(part.Header.Get("Content-Type"), kind+";"), part.Header)
		body, err := io.ReadAll(part)
		require.NoError(t, err)
		found = append(found, string(body))
	}
	_, err = parts.NextPart()
	require.ErrorIs(t, err, io.EOF)
	require.Contains(t, found[0], "- [scripts-user, always]", "else it runs at the first boot alone")
	return found[1]
}

// hasty is a script that waits for less long.
func hasty(t *testing.T, script string) string {
	t.Helper()
	for long, short := range map[string]string{"volume_within=600": "volume_within=1", "ready_within=900": "ready_within=8", "agent_within=180": "agent_within=1"} {
		require.Contains(t, script, long)
		script = strings.Replace(script, long, short, 1)
	}
	return script
}

// offer puts a file into the bucket and gives its digest.
func (a *aws) offer(t *testing.T, file string) string {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	sum := sha256.New()
	_, err = io.Copy(sum, f)
	require.NoError(t, err)
	digest := hex.EncodeToString(sum.Sum(nil))
	a.objects["helios-artifacts-123456789012-eu-central-1/helios/sha256/"+digest] = file
	return digest
}

// newRoot is the root volume of a machine, as Amazon Linux comes: with the AWS CLI, dnf, and the password that somebody has put there.
func newRoot(t *testing.T, a *aws) string {
	t.Helper()
	dir := t.TempDir()
	for path, text := range map[string]string{
		"usr/local/bin/aws": `#!/bin/bash
set -eu
[[ "$1 $2 $3 $4 $5" == "s3 cp --only-show-errors --region eu-central-1" ]]
exec curl --silent --show-error --fail --output "$7" "` + a.url + `/${6#s3://}"
`,
		"usr/local/bin/dnf": `#!/bin/bash
set -eu
[[ "$*" == "install -y -q amazon-cloudwatch-agent logrotate" && ! -e /etc/dnf-fails ]]
at=/opt/aws/amazon-cloudwatch-agent/bin
mkdir -p "$at"
printf '#!/bin/bash\necho "$@" >>/var/log/agent\n' >"$at/amazon-cloudwatch-agent-ctl"
chmod +x "$at/amazon-cloudwatch-agent-ctl"
`,
		"etc/helios/password": password + "\n",
		"etc/dnf-fails":       "",
	} {
		path = filepath.Join(dir, "changes", path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
	}
	return dir
}

const curl = "curl --silent --show-error --insecure --max-time 30 --header 'Content-Type: application/json' "

// query asks Helios in the machine, with a token, and gives the answer.
func (m *machine) query(t *testing.T, token, sql string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"sql": sql})
	require.NoError(t, err)
	return m.sh(t, curl+"--fail --header 'Authorization: Bearer "+token+"' --data '"+strings.ReplaceAll(string(body), "'", `'\''`)+"' https://127.0.0.1/api/v1/query")
}

func TestTheUserDataIsRunForReal(t *testing.T) {
	for _, need := range []string{lower + "/.complete", binary} {
		_, err := os.Stat(need)
		require.NoError(t, err, "run e2e/boot/install.sh and make build")
	}
	require.Zero(t, os.Geteuid(), "this needs root, for loop devices and namespaces: run it with sudo")
	a := newNetwork(t)
	dir := t.TempDir()
	good, next, broken, ends := filepath.Join(dir, "good"), filepath.Join(dir, "next"), filepath.Join(dir, "broken"), filepath.Join(dir, "ends")
	program, err := os.ReadFile(binary)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(good, program, 0o600))
	require.NoError(t, os.WriteFile(next, append(program, "another version"...), 0o600))
	require.NoError(t, os.WriteFile(broken, []byte("#!/bin/bash\nrm -rf /var/lib/helios/data/*; echo 'it migrates, and \"never\" ends'; exec sleep 1000\n"), 0o600))
	require.NoError(t, os.WriteFile(ends, []byte("#!/bin/bash\necho no >&2; exit 2\n"), 0o600))
	goodID, nextID, brokenID, endsID := a.offer(t, good), a.offer(t, next), a.offer(t, broken), a.offer(t, ends)

	root := newRoot(t, a)
	volume := newDisk(t, 512*mib, func(*os.File) {})
	disks := map[string]*disk{volumeID: volume}
	var m *machine
	boot := func(t *testing.T, digest string) (told, int) {
		t.Helper()
		if m != nil {
			m.switchOff()
		}
		before := a.count()
		m = switchOn(t, a, root, disks)
		code := m.userData(t, hasty(t, script(t, parameters(digest), a)))
		t.Logf("helios:\n%s", m.sh(t, "tail -n 40 /var/log/helios/helios.log"))
		s := a.last(t, before)
		require.Empty(t, s.contentType)
		require.True(t, s.UniqueID != "" && strings.HasPrefix(s.path, "/"+s.UniqueID), s)
		require.NotContains(t, m.sh(t, "cat /var/log/helios-boot.log"), secret)
		return s, code
	}
	ready := func(t *testing.T, digest string) {
		t.Helper()
		s, code := boot(t, digest)
		require.Equal(t, "SUCCESS", s.Status, s)
		require.Zero(t, code)
		require.Equal(t, digest, m.sh(t, "basename $(dirname $(readlink -f /opt/helios/bin/helios))"))
		require.Equal(t, "active", m.sh(t, "systemctl is-active helios"))
	}
	fails := func(t *testing.T, digest, why string) {
		t.Helper()
		s, code := boot(t, digest)
		require.Equal(t, "FAILURE", s.Status, s)
		require.NotZero(t, code)
		require.Contains(t, s.Reason, why)
	}

	letsGo := func(t *testing.T) {
		t.Helper()
		require.NotEqual(t, "active", m.sh(t, "systemctl is-active helios || true"))
		require.Error(t, m.try("pgrep", "--uid", "helios"))
		device, err := os.OpenFile(volume.device, os.O_RDONLY|os.O_EXCL, 0)
		require.NoError(t, err, "it is mounted somewhere")
		require.NoError(t, device.Close())
	}

	// A first boot that fails lets go of the volume, which is going to be detached.
	fails(t, brokenID, "it did not become ready in time")
	letsGo(t)
	require.Contains(t, m.sh(t, "cat /var/log/helios-boot.log"), "format "+volumeID+", which is blank")

	// The first boot that does not, at which dnf does not work.
	ready(t, goodID)
	require.Contains(t, m.sh(t, "cat /var/log/helios-boot.log"), "logs and metrics are not shipped")
	filesystem := m.sh(t, "blkid -o value -s UUID "+volume.device)
	require.Subset(t, strings.Split(m.sh(t, "findmnt -n -o OPTIONS /var/lib/helios"), ","), []string{"rw", "nosuid", "nodev", "noexec"})
	m.sh(t, `curl -sk --fail -c /root/cookies -H 'Content-Type: application/json' --data '{"email":"me@example.com","password":"`+password+`"}' https://127.0.0.1/api/v1/auth/sign-in`)
	var made struct {
		Secret string `json:"secret"`
	}
	require.NoError(t, json.Unmarshal([]byte(m.sh(t, curl+`--fail -b /root/cookies --data '{"name":"boot","role":"admin"}' https://127.0.0.1/api/v1/tokens`)), &made))

	t.Run("the unit", func(t *testing.T) { theUnit(t, m, made.Secret) })

	// The second boot, after which the volume is larger.
	require.NoError(t, os.Truncate(volume.file, 768*mib))
	host(t, "losetup", "--set-capacity", volume.device)
	a.used = true
	m.sh(t, "rm /etc/dnf-fails")
	ready(t, goodID)
	require.Equal(t, filesystem, m.sh(t, "blkid -o value -s UUID "+volume.device))
	require.Equal(t, 1, strings.Count(m.sh(t, "cat /var/log/helios-boot.log"), "which is blank"))
	require.Contains(t, m.query(t, made.Secret, "SELECT 42"), "42", "the account and its token are there")
	require.Greater(t, m.sh(t, "df -m --output=size /var/lib/helios | tail -n 1"), "640")
	require.Contains(t, m.sh(t, "cat /var/log/agent"), "-a fetch-config -m ec2 -s -c file:/etc/helios/cloudwatch-agent.json")
	m.sh(t, "grep -q '\"log_group_name\":\"helios\"' /etc/helios/cloudwatch-agent.json")

	// What the bucket holds is not what was asked for.
	other := strings.Repeat("0", 64)
	a.objects["helios-artifacts-123456789012-eu-central-1/helios/sha256/"+other] = next
	fails(t, other, "is not what its digest says")
	require.Equal(t, goodID, m.sh(t, "cat /var/lib/helios/installed"))
	require.NotEqual(t, "active", m.sh(t, "systemctl is-active helios || true"))

	// A version that never is ready, and has spoilt the data; then the old one comes back.
	fails(t, brokenID, "it did not become ready in time. it migrates, and  never  ends")
	require.Equal(t, brokenID, m.sh(t, "cat /var/lib/helios/installed"))
	require.Empty(t, m.sh(t, "ls /var/lib/helios/data"))
	ready(t, goodID)
	require.Contains(t, m.query(t, made.Secret, "SELECT 42"), "42")

	// One that is.
	ready(t, nextID)
	require.Contains(t, m.query(t, made.Secret, "SELECT 42"), "42")
	require.Equal(t, nextID, m.sh(t, "ls /opt/helios/versions"))
	require.Equal(t, "data\ninstalled\nready", m.sh(t, "ls /var/lib/helios"))

	// A version that ends as soon as it starts is not waited for. The instance, which was ready before, stays as it is.
	fails(t, endsID, "it ends as soon as it has started. no")
	m.sh(t, "mountpoint /var/lib/helios")

	// Another instance gets the volume, as when one is replaced: with the copy that the last version left, and without. Whatever the
	// volume says of others, its own first boot fails, so it lets go.
	for range 2 {
		root = newRoot(t, a)
		fails(t, brokenID, "it did not become ready in time")
		letsGo(t)
		root = newRoot(t, a)
		ready(t, nextID)
		require.Equal(t, filesystem, m.sh(t, "blkid -o value -s UUID "+volume.device))
		require.Contains(t, m.query(t, made.Secret, "SELECT 42"), "42", "the data are those of before")
		require.Equal(t, "data\ninstalled\nready", m.sh(t, "ls /var/lib/helios"))
	}
	m.switchOff()
}

// theUnit is looked at while it runs: what it may not do, and that Helios does its work all the same.
func theUnit(t *testing.T, m *machine, token string) {
	t.Helper()
	const unit = "/etc/systemd/system/helios.service"
	require.Empty(t, m.sh(t, "systemd-analyze verify "+unit))
	m.sh(t, "systemd-analyze security --offline=true --threshold=19 "+unit) // 1.9
	m.sh(t, "shellcheck /var/tmp/part-001")

	require.Contains(t, m.query(t, token, "SELECT count(*) AS n FROM (SELECT DISTINCT hash(i) FROM range(3000000) t(i))"), "3000000")
	main := m.sh(t, "systemctl show --property MainPID --value helios")
	worker := m.sh(t, "pgrep --parent "+main)
	for _, pid := range []string{main, worker} {
		status := m.sh(t, "cat /proc/"+pid+"/status")
		for _, want := range []string{"NoNewPrivs:\t1", "Seccomp:\t2", "CapBnd:\t0000000000000400", "CapEff:\t0000000000000400"} {
			require.Contains(t, status, want)
		}
		require.Equal(t, "helios", m.sh(t, "ps -o user= -p "+pid))
	}
	require.Equal(t, "500", m.sh(t, "cat /proc/"+worker+"/oom_score_adj"))
	m.sh(t, "kill -KILL "+worker)
	require.Eventually(t, func() bool { return m.try("curl", "-skf", "https://127.0.0.1/readyz") == nil }, patience, 100*time.Millisecond)
	require.NotEqual(t, worker, m.sh(t, "pgrep --parent "+main), "the other process has taken its place")
	require.Equal(t, "0", m.sh(t, "systemctl show --property NRestarts --value helios"))
	require.Contains(t, m.query(t, token, "SELECT current_setting('memory_limit') AS m"), "iB")

	owned := m.sh(t, "stat -c '%U %a' /var/lib/helios /var/lib/helios/data /etc/helios/helios.yaml /etc/helios/helios.env")
	require.Equal(t, "root 755\nhelios 700\nroot 640\nroot 640", owned)
	require.Contains(t, m.sh(t, "cat /etc/helios/helios.yaml"), "it's ${theirs}")
}

// volumes that are not Helios's are left as they are.
func TestAVolumeThatHoldsSomethingIsNotFormatted(t *testing.T) {
	a := newNetwork(t)
	for name, c := range map[string]struct {
		content func(*testing.T, *os.File)
		why     string
	}{
		"something unknown behind nothing": {func(t *testing.T, f *os.File) {
			t.Helper()
			_, err := f.WriteAt([]byte("precious"), 8*mib)
			require.NoError(t, err)
		}, "is not blank, and what it holds is not known"},
		"a table of partitions": {func(t *testing.T, f *os.File) {
			t.Helper()
			_, err := f.WriteAt([]byte{0x55, 0xaa}, 510)
			require.NoError(t, err)
		}, "is not blank, and what it holds is not known"},
		"another file system": {func(t *testing.T, f *os.File) {
			t.Helper()
			host(t, "mkfs.ext4", "-q", f.Name())
		}, "holds ext4, not XFS"},
	} {
		t.Run(name, func(t *testing.T) {
			volume := newDisk(t, 72*mib, func(f *os.File) { c.content(t, f) })
			before := host(t, "sha256sum", volume.file)
			m := switchOn(t, a, newRoot(t, a), map[string]*disk{volumeID: volume})
			signals := a.count()
			require.NotZero(t, m.userData(t, hasty(t, script(t, parameters(strings.Repeat("0", 64)), a))))
			s := a.last(t, signals)
			require.Equal(t, "FAILURE", s.Status)
			require.Contains(t, s.Reason, "mount the data volume: the volume "+volumeID+" "+c.why)
			m.switchOff()
			require.Equal(t, before, host(t, "sha256sum", volume.file))
		})
	}
	t.Run("none at all", func(t *testing.T) {
		m := switchOn(t, a, newRoot(t, a), nil)
		signals := a.count()
		require.NotZero(t, m.userData(t, hasty(t, script(t, parameters(strings.Repeat("0", 64)), a))))
		require.Contains(t, a.last(t, signals).Reason, "is not attached")
	})
}
