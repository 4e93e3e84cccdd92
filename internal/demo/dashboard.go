package demo

import _ "embed" // the dashboard

// Dashboard is the shop's dashboard with its queries, as a settings file declares them: see storefront.yaml.
//
//go:embed storefront.yaml
var Dashboard string
