package stack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// userData is what the instance is told: text for Fn::Sub, whose own references are the data volume, the buckets, the log group,
// the address, the region and the handle of the wait condition named ready.
func userData(p Parameters, ready string) string {
	return "#!/bin/bash\n# " + p.Artifact.SHA256 + "\nSIGNAL='${" + ready + "Handle}'\n"
}

// bootID names, in 8 hexadecimal digits, all that a boot depends on: a change of any of it is a boot that must be waited for.
func bootID(p Parameters) string {
	rest, err := json.Marshal(p)
	if err != nil {
		panic(err) // of strings, numbers and a bool
	}
	sum := sha256.Sum256(append([]byte(userData(p, "Ready")), rest...))
	return hex.EncodeToString(sum[:4])
}
