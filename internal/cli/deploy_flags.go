package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/helios-sql/helios/internal/deploy"
)

// awsFlags are the flags of all commands that work on a deployment on AWS.
type awsFlags struct{ name, profile, region string }

func (f *awsFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.name, "name", deploy.DefaultName, "the deployment's `NAME`")
	f.addSession(cmd)
}

// addSession adds the flags that say as whom and where, for commands that work on no deployment.
func (f *awsFlags) addSession(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.profile, "profile", "", "the AWS `PROFILE` (default as the AWS command line)")
	cmd.Flags().StringVar(&f.region, "region", "", "the AWS `REGION` (default as the AWS command line)")
}

// session finds out who works, and where.
func (f *awsFlags) session(ctx context.Context) (*deploy.Session, error) {
	return deploy.Open(ctx, deploy.Options{Profile: f.profile, Region: f.region})
}
