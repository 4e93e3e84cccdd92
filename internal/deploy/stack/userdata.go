package stack

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/helios-sql/helios/internal/config"
	"github.com/helios-sql/helios/internal/fault"
)

//go:embed boot.sh
var bootScript string

//go:embed helios.service
var unit string

const (
	// bootTime is how long a boot may take at most: longer than the script takes until it gives up and says so.
	bootTime = 30 * time.Minute

	// EC2 takes 16 KiB of user data. What Fn::Sub puts in, the presigned URL of the handle above all, has its share of them.
	userDataRoom = 16<<10 - 2<<10
)

// boundary parts what cloud-init reads. No line of what it parts begins with it.
const boundary = "==helios=="

// userData is what the instance is told: text for Fn::Sub, whose own references are the data volume, the backup bucket, the log
// group, the address, the region and the handle of the wait condition named ready. cloud-init runs user scripts at the first boot
// alone, unless it is told to run them always: https://repost.aws/knowledge-center/execute-user-data-ec2
func userData(p Parameters, ready string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%q\nMIME-Version: 1.0\n\n", boundary)
	part := func(kind, text string) {
		fmt.Fprintf(&b, "--%s\nContent-Type: text/%s; charset=\"us-ascii\"\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n\n%s\n", boundary, kind, text)
	}
	part("cloud-config", "#cloud-config\ncloud_final_modules:\n- [scripts-user, always]\n")
	part("x-shellscript", script(p, ready))
	return b.String() + "--" + boundary + "--\n"
}

// script is that of the boot: what it works with, then what it does.
func script(p Parameters, ready string) string {
	var b strings.Builder
	b.WriteString("#!/bin/bash\n")
	for _, v := range []struct{ name, value string }{
		{"VOLUME", "${DataVolume}"},
		{"VERSION", literal(p.Artifact.Version)},
		{"DIGEST", literal(p.Artifact.SHA256)},
		{"ARTIFACT", literal("s3://" + p.Artifact.Bucket + "/" + p.Artifact.Key)},
		{"REGION", "${AWS::Region}"},
		{"BOOT", literal(ready)},
		{"SIGNAL", "${" + ready + "Handle}"},
		{"SETTINGS", packed(settings(p))},
		{"VARIABLES", variables(p)},
		{"SHIPPING", shipping},
		{"ROTATION", rotation},
		{"UNIT", literal(bare(unit))},
	} {
		fmt.Fprintf(&b, "readonly %s='%s'\n", v.name, v.value)
	}
	return b.String() + literalReferences(bare(bootScript))
}

// literal makes a text one that stays what it is within single quotes of a shell, and in Fn::Sub.
func literal(text string) string {
	return literalReferences(strings.ReplaceAll(text, "'", `'\''`))
}

// literalReferences makes what looks like a reference of Fn::Sub none:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
func literalReferences(text string) string { return strings.ReplaceAll(text, "${", "${!") }

// bare is a script or a unit without the lines that are for people: room is scarce.
func bare(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if trimmed := strings.TrimSpace(line); trimmed != "" && !strings.HasPrefix(trimmed, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// variables are the settings that the deployment decides: they win over the file.
func variables(p Parameters) string {
	reached := "${Address}"
	tls := "HELIOS_TLS_SELF_SIGNED=true"
	if p.Domain != "" {
		reached, tls = literal(p.Domain), "HELIOS_TLS_DOMAIN="+literal(p.Domain)
	}
	return strings.Join([]string{
		"AWS_REGION=${AWS::Region}",
		"HELIOS_LISTEN=0.0.0.0:443",
		"HELIOS_DATA=/var/lib/helios/data",
		tls,
		"HELIOS_PUBLIC_URL=https://" + reached,
		"HELIOS_LOG_FORMAT=json",
		"HELIOS_BACKUP_TO=s3://${BackupBucket}/" + literal(p.Name),
		"HELIOS_BACKUP_EVERY=" + p.BackupEvery.String(),
		"HELIOS_BACKUP_KEEP=" + strconv.Itoa(p.BackupKeep),
		"HELIOS_CLOUDWATCH_DEPLOYMENT=" + literal(p.Name),
	}, "\n")
}

// shipping is the configuration of the CloudWatch agent. Lines of the embedded metric format become metrics where they arrive.
const shipping = `{"logs":{"logs_collected":{"files":{"collect_list":[
{"file_path":"/var/log/helios/helios.log","log_group_name":"${LogGroup}","log_stream_name":"{instance_id}/helios"},
{"file_path":"/var/log/helios-boot.log","log_group_name":"${LogGroup}","log_stream_name":"{instance_id}/boot"}]}}}}`

// rotation keeps the log from filling the root volume; systemd appends to it, so it can be cut at any time.
const rotation = `/var/log/helios/helios.log {
size 50M
rotate 3
copytruncate
compress
missingok
notifempty
}`

// environment is that of Helios on the instance, with an example of what is known there only.
func (p Parameters) environment(name string) (string, bool) {
	known := strings.NewReplacer("${!", "${", "${Address}", "192.0.2.1", "${BackupBucket}", "backups", "${AWS::Region}", p.Region)
	for line := range strings.Lines(variables(p)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+"="); ok {
			return known.Replace(value), true
		}
	}
	return "", false
}

// settings is the file that the instance gets: that of the person, and the sources that are named with their streams.
func settings(p Parameters) []byte {
	text := []byte(p.Settings)
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		text = append(text, '\n')
	}
	if sources := connected(p); len(sources) > 0 {
		section, err := config.WriteSources(sources)
		if err != nil {
			panic(err) // of strings
		}
		text = append(text, section...)
	}
	return text
}

// packed makes a text shorter, and one that neither a shell nor Fn::Sub reads anything into.
func packed(text []byte) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(text)
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// connected are the streams that are sources from the start.
func connected(p Parameters) []config.Source {
	var sources []config.Source
	for _, s := range p.Streams {
		if s.Table != "" {
			sources = append(sources, config.Source{Stream: s.ARN, Table: s.Table, Region: regionOf(s.ARN)})
		}
	}
	return sources
}

// regionOf is the fourth part of an ARN.
func regionOf(arn string) string {
	if parts := strings.SplitN(arn, ":", 5); len(parts) == 5 {
		return parts[3]
	}
	return ""
}

// checkBoot refuses settings with which the instance would not become ready, as far as that can be told beforehand.
func (p Parameters) checkBoot() *fault.Error {
	if text := userData(p, "Ready00000000"); len(text) > userDataRoom {
		return fault.New(fault.Invalid, "the settings are too long: compressed they take %d bytes more than the instance can be told at its start", len(text)-userDataRoom).
			WithHint("queries and dashboards can be imported in the console instead, once it runs")
	}
	var keys map[string]any
	if err := yaml.Unmarshal([]byte(p.Settings), &keys); err == nil && keys["sources"] != nil && len(connected(p)) > 0 {
		return fault.New(fault.Invalid, "both the settings and the streams of the deployment declare sources").
			WithHint("name tables in one of the two: leave the table of each stream out, or `sources` in the settings")
	}
	if err := config.Check("helios.yaml", settings(p), p.environment); err != nil {
		return fault.New(fault.Invalid, "the instance would refuse its settings: %w", err).
			WithHint("mend the file; `helios config check --config FILE` looks at it alone, without what the deployment decides: who reaches the server, TLS, the data directory and backups")
	}
	return nil
}

// bootID names, in 8 hexadecimal digits, all that a boot depends on: a change of any of it is a boot that must be waited for. The image
// is not among it: the first update names the one that is in use, and must not start the instance anew for that.
func bootID(p Parameters) string {
	all, err := json.Marshal([]any{
		userData(p, "Ready"), bootScript, unit, p.Arch, p.InstanceType, p.VolumeGiB, p.SnapshotID, p.VPCID, p.SubnetID, p.Zone, p.HostedZoneID,
	})
	if err != nil {
		panic(err) // of strings and numbers
	}
	sum := sha256.Sum256(all)
	return hex.EncodeToString(sum[:4])
}
