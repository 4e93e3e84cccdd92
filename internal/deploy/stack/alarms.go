package stack

const told = "HasAlarmEmail" // the condition of what tells people

// When alarms go off.
const (
	diskPercent  = 80
	lagMillis    = 60_000
	quietMinutes = 15
)

// alarm is one on a metric, of which CloudWatch looks at so many periods in a row.
type alarm struct {
	id, what             string
	namespace, metric    string
	dimension            object
	statistic            string
	seconds, periods     int
	comparison           string
	threshold            int
	missing              string // what no data means
	recover, onlyIfReads bool
}

// alarms tell people, if there is somebody to tell.
func alarms(p Parameters) []resource {
	all := []resource{
		{
			id: "AlarmTopic", kind: "AWS::SNS::Topic", when: told, what: "Where alarms go",
			// Alarms cannot use the key that AWS keeps for SNS, and one of their own would be there for a week after the rest is gone:
			// https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
			accepted: []exception{{"CKV_AWS_26", "An alarm holds the name of a metric and a figure, and leaves by e-mail. It can only be encrypted with a customer's key, for USD 1 a month, and such keys outlive their stack by a week."}},
			settings: object{tags(p, "alarms")},
		},
		{
			id: "AlarmSubscription", kind: "AWS::SNS::Subscription", when: told, what: "Sends them by e-mail, once the receiver has confirmed that",
			settings: object{pair("TopicArn", ref("AlarmTopic")), pair("Protocol", "email"), pair("Endpoint", ref("AlarmEmail"))},
		},
	}
	if p.Absent {
		return all
	}
	instance := object{pair("Name", "InstanceId"), pair("Value", ref("Instance"))}
	deployment := object{pair("Name", "Deployment"), pair("Value", p.Name)}
	for _, a := range []alarm{
		{
			id: "AlarmInstance", what: "the instance does not run, or fails a status check, for five minutes", namespace: "AWS/EC2", metric: "StatusCheckFailed", dimension: instance,
			statistic: "Maximum", seconds: 60, periods: 5, comparison: "GreaterThanOrEqualToThreshold", threshold: 1, missing: "breaching",
		},
		{
			id: "AlarmRecover", what: "Alarm: the hardware below the instance fails; it is moved to other hardware", namespace: "AWS/EC2", metric: "StatusCheckFailed_System", dimension: instance,
			statistic: "Maximum", seconds: 60, periods: 2, comparison: "GreaterThanOrEqualToThreshold", threshold: 1, missing: "missing", recover: true,
		},
		{
			id: "AlarmDisk", what: "the data volume is 80 % full", namespace: "Helios", metric: "DiskUsedPercent", dimension: deployment,
			statistic: "Maximum", seconds: 60, periods: 5, comparison: "GreaterThanThreshold", threshold: diskPercent, missing: "ignore",
		},
		{
			id: "AlarmLag", what: "a source is more than a minute behind its stream, for five minutes", namespace: "Helios", metric: "LagMax", dimension: deployment,
			statistic: "Maximum", seconds: 60, periods: 5, comparison: "GreaterThanThreshold", threshold: lagMillis, missing: "ignore", onlyIfReads: true,
		},
		{
			id: "AlarmNoEvents", what: "no event came in for 15 minutes", namespace: "Helios", metric: "Events", dimension: deployment,
			statistic: "Sum", seconds: 60 * quietMinutes, periods: 1, comparison: "LessThanThreshold", threshold: 1, missing: "breaching", onlyIfReads: true,
		},
	} {
		if a.onlyIfReads && len(p.Streams) == 0 {
			continue
		}
		all = append(all, a.resource(p))
	}
	return all
}

func (a alarm) resource(p Parameters) resource {
	topic := either(told, ref("AlarmTopic"), noValue)
	actions := []any{topic}
	if a.recover {
		actions = append([]any{sub("arn:${AWS::Partition}:automate:${AWS::Region}:ec2:recover")}, topic)
	}
	what := a.what
	if !a.recover {
		what = "Alarm: " + what
	}
	settings := object{
		pair("AlarmDescription", "Helios "+p.Name+": "+a.what), pair("Namespace", a.namespace), pair("MetricName", a.metric), pair("Dimensions", []object{a.dimension}),
		pair("Statistic", a.statistic), pair("Period", a.seconds), pair("EvaluationPeriods", a.periods),
		pair("ComparisonOperator", a.comparison), pair("Threshold", a.threshold), pair("TreatMissingData", a.missing),
		pair("AlarmActions", actions),
	}
	if !a.recover {
		settings = append(settings, pair("OKActions", []any{topic}))
	}
	return resource{id: a.id, kind: "AWS::CloudWatch::Alarm", what: what, settings: append(settings, tags(p, ""))}
}
