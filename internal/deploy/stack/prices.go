package stack

import (
	"fmt"
	"math"
	"strings"
)

// Estimate is what a deployment costs a month, in US dollars without tax: an estimate by list prices.
type Estimate struct {
	Lines    []EstimateLine `json:"lines"`
	Total    float64        `json:"total"`
	Region   string         `json:"region"`    // whose prices these are; another than the deployment's if there are none of that one
	PricesOf string         `json:"prices_of"` // the date of the prices, as in 2026-01-31
	Notes    []string       `json:"notes"`     // what it rests on, and what it leaves out; a sentence each
}

// EstimateLine is one thing that costs.
type EstimateLine struct {
	What string  `json:"what"`
	USD  float64 `json:"usd"` // a month, in whole cents
}

// What is taken for granted of a month.
const (
	hoursOfMonth  = 730
	logsGB        = 1
	backupPart    = 4 // backups hold as much as a fourth of the data volume
	metrics       = 6 // of a deployment
	sourceMetrics = 3 // of each source
)

// Monthly estimates what a deployment costs a month.
func Monthly(p Parameters) Estimate {
	e := Estimate{Region: p.Region, PricesOf: pricesOf}
	of, known := priceTable[p.Region]
	if !known {
		of, e.Region = priceTable[elsewhere], elsewhere
		e.note("These are prices of %s: there are none of %s in this version of Helios.", elsewhere, p.Region)
	}
	if !p.Absent {
		family, size, _ := strings.Cut(p.InstanceType, ".")
		if hour := of.large[family] * sizes[size]; hour > 0 {
			e.add(hour*hoursOfMonth, "%s, on demand, all hours", p.InstanceType)
		} else {
			e.note("The instance is NOT in the sum: this version of Helios knows no price of %s.", p.InstanceType)
		}
		e.add(rootGiB*of.volume, "system volume, %d GiB of gp3", rootGiB)
	}
	e.add(float64(p.VolumeGiB)*of.volume, "data volume, %d GiB of gp3", p.VolumeGiB)
	e.add(hoursOfMonth*addressHour, "public IPv4 address")
	backups := p.VolumeGiB / backupPart
	e.add(float64(backups)*of.bucket, "backups in S3, if they hold %d GB", backups)
	own := metrics + sourceMetrics*len(p.Streams)
	var alarms int
	for _, item := range Items(p) {
		if item.Type == "AWS::CloudWatch::Alarm" {
			alarms++
		}
	}
	if !p.Absent {
		e.add(float64(own)*metricMonth+float64(alarms)*alarmMonth+logsGB*of.logs, "CloudWatch: %s, %s, %d GB of logs", count(own, "metric"), count(alarms, "alarm"), logsGB)
	}
	e.note("Not in it: tax, data that people download beyond the first 100 GB of the account, snapshots of volumes, enhanced fan-out (USD 0.015 for each shard and hour), and the streams themselves.")
	if strings.HasPrefix(p.InstanceType, "t") {
		e.note("Instances of the family t cost more while they use the processor for longer than their credits last.")
	}
	e.note("List prices of %s, without discounts; https://calculator.aws has those of today.", pricesOf)
	return e
}

func (e *Estimate) add(usd float64, what string, args ...any) {
	usd = cents(usd)
	e.Lines = append(e.Lines, EstimateLine{What: fmt.Sprintf(what, args...), USD: usd})
	e.Total = cents(e.Total + usd)
}

func (e *Estimate) note(text string, args ...any) {
	e.Notes = append(e.Notes, fmt.Sprintf(text, args...))
}

func cents(usd float64) float64 { return math.Round(usd*100) / 100 }
