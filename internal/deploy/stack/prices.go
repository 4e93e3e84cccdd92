package stack

// Estimate is what a deployment costs a month, in US dollars without tax: an estimate by list prices.
type Estimate struct {
	Lines    []EstimateLine
	Total    float64
	Region   string // whose prices these are; another than asked for if there are none of that one
	PricesOf string // the date of the prices, as in 2026-01-31
}

// EstimateLine is one thing that costs.
type EstimateLine struct {
	What string
	USD  float64 // a month
}

// Monthly estimates what a deployment costs a month.
func Monthly(p Parameters) Estimate { return Estimate{Region: p.Region} }
