package main

import (
	"bytes"
	"time"

	cyclonedx "github.com/CycloneDX/cyclonedx-go"
)

// bom is the bill of materials of both executables, in CycloneDX. It has no number of its own, so that it can be made again.
func (r *release) bom(parts []part) ([]byte, error) {
	root := "pkg:golang/github.com/helios-sql/helios@v" + r.version
	bom := cyclonedx.NewBOM()
	bom.Metadata = &cyclonedx.Metadata{
		Timestamp: r.made.Format(time.RFC3339),
		Component: &cyclonedx.Component{
			BOMRef: root, Type: cyclonedx.ComponentTypeApplication, Name: "helios", Version: "v" + r.version, PackageURL: root,
			Licenses: &cyclonedx.Licenses{{License: &cyclonedx.License{ID: "Apache-2.0"}}},
		},
	}
	components, inside := make([]cyclonedx.Component, 0, len(parts)), make([]string, 0, len(parts))
	for _, p := range parts {
		c := cyclonedx.Component{BOMRef: p.purl, Type: cyclonedx.ComponentTypeLibrary, Name: p.name, Version: p.version, PackageURL: p.purl}
		if p.spdx != "" {
			c.Licenses = &cyclonedx.Licenses{{Expression: p.spdx}}
		}
		components, inside = append(components, c), append(inside, p.purl)
	}
	bom.Components = &components
	bom.Dependencies = &[]cyclonedx.Dependency{{Ref: root, Dependencies: &inside}}
	var b bytes.Buffer
	err := cyclonedx.NewBOMEncoder(&b, cyclonedx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cyclonedx.SpecVersion1_6)
	return b.Bytes(), err
}
