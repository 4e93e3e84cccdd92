package kinesis

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/helios-sql/helios/internal/awssdk"
	"github.com/helios-sql/helios/internal/ingest"
)

const cloudTime = 3 * time.Second // for credentials to be found; off AWS nobody answers for an instance's role

// Cloud tells what this machine knows of AWS by itself: nothing here is asked of AWS but whether there are credentials.
func Cloud(ctx context.Context) ingest.Cloud {
	c := ingest.Cloud{Profiles: profiles(), Regions: regions()}
	ctx, cancel := context.WithTimeout(ctx, cloudTime)
	defer cancel()
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err != nil {
		c.Credentials.Detail = "the configuration of AWS cannot be loaded: " + err.Error()
		return c
	}
	c.Region = cfg.Region
	found, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		c.Credentials.Detail = absence(err)
		return c
	}
	c.Credentials = ingest.CloudCredentials{Found: true, Source: awssdk.Provider(found)}
	if found.CanExpire {
		c.Credentials.Detail = "until " + stamp(found.Expires)
	}
	return c
}

// absence says why there are no credentials. At the end of the chain stands the instance's role: what it says only means
// that nothing else was found.
func absence(err error) string {
	if errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "IMDS") {
		return "neither the environment, nor the configuration files, nor a role of this machine give any"
	}
	return shortest(err).Error()
}

// profiles are the names of the profiles in the configuration files, the default first.
func profiles() []string {
	env, err := config.NewEnvConfig()
	if err != nil { // a variable that cannot be: the credentials' detail says which
		return []string{}
	}
	found := map[string]bool{}
	for _, name := range sections(cmp.Or(env.SharedConfigFile, config.DefaultSharedConfigFilename())) {
		if name == "default" {
			found[name] = true
		} else if profile, ok := strings.CutPrefix(name, "profile "); ok {
			found[strings.TrimSpace(profile)] = true
		}
	}
	for _, name := range sections(cmp.Or(env.SharedCredentialsFile, config.DefaultSharedCredentialsFilename())) {
		found[name] = true
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	if i := slices.Index(names, "default"); i > 0 {
		names = slices.Insert(slices.Delete(names, i, i+1), 0, "default")
	}
	return names
}

// sections are the headers of an AWS configuration file, none if it cannot be read.
func sections(file string) []string {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	var all []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if rest, ok := strings.CutPrefix(line, "["); ok {
			if name, _, ok := strings.Cut(rest, "]"); ok && strings.TrimSpace(name) != "" {
				all = append(all, strings.TrimSpace(name))
			}
		}
	}
	return all
}

// regions are those of AWS, for people to choose from: any other name can be written too.
func regions() []ingest.Region {
	return []ingest.Region{
		{Name: "us-east-1", Title: "US East (N. Virginia)"},
		{Name: "us-east-2", Title: "US East (Ohio)"},
		{Name: "us-west-1", Title: "US West (N. California)"},
		{Name: "us-west-2", Title: "US West (Oregon)"},
		{Name: "af-south-1", Title: "Africa (Cape Town)"},
		{Name: "ap-east-1", Title: "Asia Pacific (Hong Kong)"},
		{Name: "ap-east-2", Title: "Asia Pacific (Taipei)"},
		{Name: "ap-northeast-1", Title: "Asia Pacific (Tokyo)"},
		{Name: "ap-northeast-2", Title: "Asia Pacific (Seoul)"},
		{Name: "ap-northeast-3", Title: "Asia Pacific (Osaka)"},
		{Name: "ap-south-1", Title: "Asia Pacific (Mumbai)"},
		{Name: "ap-south-2", Title: "Asia Pacific (Hyderabad)"},
		{Name: "ap-southeast-1", Title: "Asia Pacific (Singapore)"},
		{Name: "ap-southeast-2", Title: "Asia Pacific (Sydney)"},
		{Name: "ap-southeast-3", Title: "Asia Pacific (Jakarta)"},
		{Name: "ap-southeast-4", Title: "Asia Pacific (Melbourne)"},
		{Name: "ap-southeast-5", Title: "Asia Pacific (Malaysia)"},
		{Name: "ap-southeast-6", Title: "Asia Pacific (New Zealand)"},
		{Name: "ap-southeast-7", Title: "Asia Pacific (Thailand)"},
		{Name: "ca-central-1", Title: "Canada (Central)"},
		{Name: "ca-west-1", Title: "Canada West (Calgary)"},
		{Name: "eu-central-1", Title: "Europe (Frankfurt)"},
		{Name: "eu-central-2", Title: "Europe (Zurich)"},
		{Name: "eu-north-1", Title: "Europe (Stockholm)"},
		{Name: "eu-south-1", Title: "Europe (Milan)"},
		{Name: "eu-south-2", Title: "Europe (Spain)"},
		{Name: "eu-west-1", Title: "Europe (Ireland)"},
		{Name: "eu-west-2", Title: "Europe (London)"},
		{Name: "eu-west-3", Title: "Europe (Paris)"},
		{Name: "il-central-1", Title: "Israel (Tel Aviv)"},
		{Name: "me-central-1", Title: "Middle East (UAE)"},
		{Name: "me-south-1", Title: "Middle East (Bahrain)"},
		{Name: "mx-central-1", Title: "Mexico (Central)"},
		{Name: "sa-east-1", Title: "South America (São Paulo)"},
		{Name: "us-gov-east-1", Title: "AWS GovCloud (US-East)"},
		{Name: "us-gov-west-1", Title: "AWS GovCloud (US-West)"},
		{Name: "cn-north-1", Title: "China (Beijing)"},
		{Name: "cn-northwest-1", Title: "China (Ningxia)"},
	}
}
