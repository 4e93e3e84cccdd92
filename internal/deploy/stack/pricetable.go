package stack

// pricesOf is when the table was made. It is of AWS's public price lists, in US dollars without tax, and is not looked up: whoever
// changes a figure here changes the date.
const pricesOf = "2025-06-30"

// elsewhere has the prices that stand for regions without any here.
const elsewhere = "us-east-1"

// prices are those of a region.
type prices struct {
	large  map[string]float64 // an hour of a family's size large, on demand, with Linux; other sizes cost in proportion
	volume float64            // a month of a GiB of gp3
	bucket float64            // a month of a GB of S3 Standard
	logs   float64            // a GB taken in by CloudWatch Logs
}

// priceTable is by region.
var priceTable = map[string]prices{
	"us-east-1":      {usEast, 0.08, 0.023, 0.50},
	"us-east-2":      {usEast, 0.08, 0.023, 0.50},
	"us-west-2":      {usEast, 0.08, 0.023, 0.50},
	"ca-central-1":   {large(0.0736, 0.0928, 0.0909, 0.1124, 0.0791, 0.1173), 0.088, 0.025, 0.55},
	"eu-central-1":   {large(0.0768, 0.0960, 0.0978, 0.1208, 0.0826, 0.1292), 0.0952, 0.0245, 0.63},
	"eu-west-1":      {large(0.0736, 0.0912, 0.0911, 0.1124, 0.0777, 0.1199), 0.088, 0.023, 0.57},
	"eu-west-2":      {large(0.0752, 0.0944, 0.0943, 0.1166, 0.0860, 0.1258), 0.0928, 0.024, 0.5985},
	"eu-north-1":     {large(0.0688, 0.0864, 0.0866, 0.1071, 0.0776, 0.1139), 0.0836, 0.023, 0.5393},
	"ap-northeast-1": {large(0.0864, 0.1088, 0.1051, 0.1302, 0.0911, 0.1292), 0.096, 0.025, 0.76},
	"ap-southeast-1": {large(0.0848, 0.1056, 0.1020, 0.1260, 0.0835, 0.1292), 0.096, 0.025, 0.70},
	"ap-southeast-2": {large(0.0848, 0.1056, 0.1020, 0.1260, 0.0945, 0.1283), 0.096, 0.025, 0.67},
}

var usEast = large(0.0672, 0.0832, 0.0816, 0.1008, 0.0725, 0.1071)

func large(t4g, t3, m7g, m7i, c7g, r7g float64) map[string]float64 {
	return map[string]float64{"t4g": t4g, "t3": t3, "m7g": m7g, "m7i": m7i, "c7g": c7g, "r7g": r7g}
}

// sizes are how many times as large as large an instance is.
var sizes = map[string]float64{
	"small": 0.25, "medium": 0.5, "large": 1, "xlarge": 2, "2xlarge": 4, "4xlarge": 8, "8xlarge": 16, "12xlarge": 24, "16xlarge": 32, "24xlarge": 48, "48xlarge": 96,
}

// What costs the same in all these regions.
const (
	addressHour = 0.005 // a public IPv4 address
	alarmMonth  = 0.10  // a standard alarm
	metricMonth = 0.30  // one of the first 10,000 metrics of one's own
)
