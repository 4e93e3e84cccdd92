package stack

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/helios-sql/helios/internal/fault"
)

// Template is the CloudFormation template of a deployment, as YAML of less than 51,200 bytes, the most that CloudFormation takes in
// a request. The same parameters give the same bytes.
func Template(p Parameters) ([]byte, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	carried, err := metadata(p)
	if err != nil {
		return nil, err
	}
	sections := []section{
		{"Metadata", []entry{{"What this template was made of: the next `helios deploy` or `helios upgrade` begins with it, and with the parameters of the stack.", "Helios", carried}}},
		{"Parameters", parameters(p)},
		{"Conditions", conditions(p)},
		{"Resources", nil},
		{"Outputs", outputs(p)},
	}
	for _, r := range resources(p) {
		sections[3].entries = append(sections[3].entries, entry{r.what, r.id, r.body()})
	}
	body, err := write(sections)
	if err != nil {
		return nil, fault.New(fault.Internal, "the template of %s cannot be written: %w", p.Name, err)
	}
	head := "# Made by Helios " + p.Artifact.Version + ": `helios deploy --template`. Needs CAPABILITY_IAM.\n" +
		"AWSTemplateFormatVersion: \"2010-09-09\"\n" +
		"Description: " + quote("Helios "+p.Name+": events of Kinesis data streams as SQL tables, on one instance in the account of their owner") + "\n\n"
	all := append([]byte(head), body...)
	if len(all) > mostTemplate {
		return nil, wrong("the template has %d bytes, and CloudFormation takes %d", len(all), mostTemplate).
			WithHint("shorten the settings, or name fewer streams and networks")
	}
	return all, nil
}

// metadata is what Read reads.
func metadata(p Parameters) (object, error) {
	written, err := json.Marshal(p)
	if err != nil {
		return nil, fault.New(fault.Internal, "the parameters of %s cannot be written: %w", p.Name, err)
	}
	var carried object
	if err := yaml.UnmarshalWithOptions(written, &carried, yaml.UseOrderedMap()); err != nil {
		return nil, fault.New(fault.Internal, "the parameters of %s cannot be written: %w", p.Name, err)
	}
	for i := range carried {
		if carried[i].Key == "settings" {
			carried[i].Value = text(p.Settings)
		}
	}
	return carried, nil
}

// Values are the parameters of the template as CloudFormation takes them: what a pipeline may change without another template.
func (p Parameters) Values() map[string]string {
	values := map[string]string{
		"VolumeSize": strconv.Itoa(p.VolumeGiB), "SnapshotId": p.SnapshotID,
		"LogRetention": strconv.Itoa(p.LogRetentionDays), "AlarmEmail": p.AlarmEmail,
	}
	if p.Zone != "" {
		values["Zone"] = p.Zone
	}
	if !p.Absent {
		values["Image"], values["ImageId"], values["InstanceType"] = imageParameter(p.Arch), p.ImageID, p.InstanceType
	}
	return values
}

// imageParameter names the parameter of Systems Manager that Amazon keeps at the newest Amazon Linux 2023.
func imageParameter(arch string) string {
	if arch == "amd64" {
		arch = "x86_64"
	}
	return "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-" + arch
}

func parameters(p Parameters) []entry {
	days := "[" + strings.Join(each(retentions, strconv.Itoa), ", ") + "]"
	all := []entry{
		{id: "VolumeSize", body: object{
			pair("Type", "Number"), pair("MinValue", smallestVolume), pair("MaxValue", largestVolume),
			pair("Description", "GiB of the data volume. It can grow at any time, and never shrinks."),
		}},
		{id: "SnapshotId", body: object{
			pair("Type", "String"), pair("AllowedPattern", "^(snap-[0-9a-f]{8}([0-9a-f]{9})?)?$"),
			pair("Description", "The snapshot that the data volume begins with, or nothing. Another one replaces the volume."),
		}},
		{id: "LogRetention", body: object{pair("Type", "Number"), pair("AllowedValues", written(days)), pair("Description", "Days that logs are kept.")}},
		{id: "AlarmEmail", body: object{
			pair("Type", "String"), pair("AllowedPattern", `^([^@ ]+@[^@ ]+)?$`), pair("Description", "Who is told of alarms, or nothing."),
		}},
	}
	if p.Zone != "" {
		all = append(all, entry{id: "Zone", body: object{
			pair("Type", "AWS::EC2::AvailabilityZone::Name"), pair("Description", "Where the data volume and the subnet are. Another one replaces the volume."),
		}})
	}
	if !p.Absent {
		all = append([]entry{
			{id: "Image", body: object{
				pair("Type", "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"), pair("Description", "Where the image is looked up if ImageId is empty."),
			}},
			{id: "ImageId", body: object{
				pair("Type", "String"), pair("AllowedPattern", "^(ami-[0-9a-f]{8}([0-9a-f]{9})?)?$"),
				pair("Description", "The image in use. Keep it at the output ImageId after the first time: another image replaces the instance."),
			}},
			{id: "InstanceType", body: object{pair("Type", "String"), pair("Description", "Of the architecture "+p.Arch+". Another one means a restart.")}},
		}, all...)
	}
	for i := range all {
		described := all[i].body.(object)
		value := any(p.Values()[all[i].id])
		if described[0].Value == "Number" {
			value = written(value.(string))
		}
		all[i].body = slices.Insert(described, 1, pair("Default", value))
	}
	return all
}

func conditions(p Parameters) []entry {
	given := func(parameter string) written { return written("!Not [!Equals [!Ref " + parameter + ", \"\"]]") }
	all := []entry{{id: "HasSnapshot", body: given("SnapshotId")}, {id: "HasAlarmEmail", body: given("AlarmEmail")}}
	if !p.Absent {
		all = append([]entry{{id: "HasImage", body: given("ImageId")}}, all...)
	}
	return all
}

func outputs(p Parameters) []entry {
	one := func(id, what string, value any) entry {
		return entry{id: id, body: object{pair("Description", what), pair("Value", value)}}
	}
	console := any(sub("https://${Address}"))
	if p.Domain != "" {
		console = "https://" + p.Domain
	}
	all := []entry{
		one("ConsoleURL", "The console", console),
		one("DataVolumeId", "The data volume", ref("DataVolume")),
		one("BackupBucket", "The bucket of backups", ref("BackupBucket")),
		one("LogGroup", "The logs", ref("LogGroup")),
		one("Version", "The version of Helios", p.Artifact.Version),
	}
	if !p.Absent {
		all = slices.Insert(all, 1, one("InstanceId", "The instance", ref("Instance")), one("ImageId", "The image in use", either("HasImage", ref("ImageId"), ref("Image"))))
	}
	return all
}

// Read gives back the parameters that a template was made of. values are those of CloudFormation that a stack has now: they win, for
// somebody may have changed them since. nil is the template's own. It judges only whether the template is one of Helios that this
// version understands.
func Read(template []byte, values map[string]string) (Parameters, error) {
	var read struct {
		Metadata struct {
			Helios any `yaml:"Helios"`
		} `yaml:"Metadata"`
	}
	if err := yaml.Unmarshal(template, &read); err != nil {
		return Parameters{}, wrong("the template cannot be read: %w", err)
	}
	if read.Metadata.Helios == nil {
		return Parameters{}, wrong("the template does not say that Helios made it").WithHint("Metadata.Helios is missing")
	}
	var p Parameters
	carried, err := json.Marshal(read.Metadata.Helios)
	if err == nil {
		fields := json.NewDecoder(bytes.NewReader(carried))
		fields.DisallowUnknownFields() // what is not understood would be lost by the next update
		err = fields.Decode(&p)
	}
	if err != nil {
		return Parameters{}, wrong("the template was made by a version of Helios that this one does not understand: %w", err).WithHint("use a newer `helios`")
	}
	return p.with(values)
}

// with is the parameters with values of CloudFormation.
func (p Parameters) with(values map[string]string) (Parameters, error) {
	numbers := map[string]*int{"VolumeSize": &p.VolumeGiB, "LogRetention": &p.LogRetentionDays}
	texts := map[string]*string{"SnapshotId": &p.SnapshotID, "AlarmEmail": &p.AlarmEmail, "ImageId": &p.ImageID, "InstanceType": &p.InstanceType, "Zone": &p.Zone}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		value := strings.TrimSpace(values[name])
		if number, ok := numbers[name]; ok {
			n, err := strconv.Atoi(value)
			if err != nil {
				return Parameters{}, wrong("the stack's parameter %s is %q, not a number", name, value)
			}
			*number = n
		}
		if text, ok := texts[name]; ok {
			*text = value
		}
	}
	return p, nil
}
