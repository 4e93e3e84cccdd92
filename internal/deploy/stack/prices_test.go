package stack_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/deploy/stack"
)

func TestTheEstimateIsTheSumOfItsLines(t *testing.T) {
	p := aDeployment()
	e := stack.Monthly(p)
	var sum float64
	lines := map[string]float64{}
	for _, line := range e.Lines {
		sum += line.USD
		lines[line.What] = line.USD
	}
	require.InDelta(t, sum, e.Total, 1e-9, "lines are whole cents, and so is their sum")
	require.Equal(t, "eu-central-1", e.Region)
	_, err := time.Parse(time.DateOnly, e.PricesOf)
	require.NoError(t, err)
	require.InDelta(t, 0.0384*730, lines["t4g.medium, on demand, all hours"], 0.005)
	require.InDelta(t, 100*0.0952, lines["data volume, 100 GiB of gp3"], 1e-9)
	require.InDelta(t, 3.65, lines["public IPv4 address"], 1e-9)
	require.InDelta(t, 9*0.30+5*0.10+0.63, lines["CloudWatch: 9 metrics, 5 alarms, 1 GB of logs"], 1e-9)

	larger := p
	larger.InstanceType = "t4g.xlarge"
	require.InDelta(t, 0.0384*730*3, stack.Monthly(larger).Total-e.Total, 0.01)
}

func TestTheEstimateSaysWhatItDoesNotKnow(t *testing.T) {
	p := aDeployment()
	require.NotContains(t, notes(p), "These are prices of")
	p.Region, p.Streams = "af-south-1", nil
	require.Equal(t, "us-east-1", stack.Monthly(p).Region)
	require.Contains(t, notes(p), "These are prices of us-east-1: there are none of af-south-1")

	p.InstanceType = "x8g.large"
	require.Contains(t, notes(p), "The instance is NOT in the sum")
	for _, line := range stack.Monthly(p).Lines {
		require.Positive(t, line.USD, line.What)
		require.NotContains(t, line.What, "x8g")
	}
}

func notes(p stack.Parameters) string { return strings.Join(stack.Monthly(p).Notes, "\n") }
