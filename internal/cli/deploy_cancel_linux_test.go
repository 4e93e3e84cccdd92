package cli_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/helios-sql/helios/internal/deploy/cfntest"
)

// terminal is one on whose keyboard something has been typed already.
func terminal(t *testing.T, typed string) *os.File {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = master.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { _ = slave.Close() })
	_, err = master.WriteString(typed)
	require.NoError(t, err)
	return slave
}

// A volume that is mounted on an instance that runs may never come off.
func TestACreationThatIsCancelledStopsItsInstanceFirst(t *testing.T) {
	c := newCloud(t)
	c.Play(cfntest.Play{Type: waitCondition, Takes: 100})
	ctx, press := context.WithCancel(t.Context())
	defer press()
	c.Fault(cfntest.Fault{Action: "cloudformation:DescribeStackEvents", Call: 30, Do: press, Lost: true})
	c.in = terminal(t, "c\n")
	require.Equal(t, 1, c.run(ctx, deployIt), "%s", c.seen.String())
	stopped, deleted := slices.Index(c.Asked(), "ec2:StopInstances"), slices.Index(c.Asked(), "cloudformation:DeleteStack")
	require.Positive(t, stopped)
	require.Less(t, stopped, deleted)
	require.Empty(t, c.Status("helios"), "the stack is gone")
}

func TestAfterCtrlCAPersonChooses(t *testing.T) {
	for name, test := range map[string]struct {
		first, line, typed string
		code               int
		after              string
		end                int
	}{
		"cancel a creation":            {line: deployIt, typed: "c\n", code: 1, after: destroyIt},
		"cancel an update":             {first: deployIt, line: "deploy --volume-size 100 --yes", typed: "c\n", code: 1, after: "deploy --yes"},
		"stop watching":                {line: deployIt, typed: "s\n", code: 130, after: deployIt},
		"watch on":                     {line: deployIt, typed: "\n", code: 0, after: deployIt},
		"stop watching what is undone": {first: deployIt, line: "deploy --instance-type t4g.large --yes", typed: "s\n", code: 130, after: "deploy --yes", end: 1},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t)
			if test.first != "" {
				c.does(0, test.first)
				c.seen.Reset()
			}
			c.Play(cfntest.Play{ID: "DataVolume", Takes: 4})
			if name == "stop watching what is undone" {
				c.Play(cfntest.Play{ID: "Instance", Fails: "No."})
			}
			ctx, press := context.WithCancel(t.Context())
			defer press()
			c.Fault(cfntest.Fault{Action: "cloudformation:DescribeStackEvents", Call: 6, Do: press, Lost: true})
			c.in = terminal(t, test.typed)
			require.Equal(t, test.code, c.run(ctx, test.line), "%s", c.seen.String())
			c.note("later")
			c.in = nil
			c.does(test.end, test.after)
			c.golden("ctrl-c " + name)
		})
	}
}
