package stack

// Item is a resource of the template in plain words.
type Item struct {
	ID    string // its logical id
	Type  string // as in AWS::EC2::Volume
	What  string // for people
	Keeps bool   // it, or a snapshot of it, outlives the stack
}

// Items are the resources of the template, in its order.
func Items(p Parameters) []Item { return nil }

// Reach says who will be able to reach the deployment, a sentence a line.
func Reach(p Parameters) []string { return nil }

// Grants says what the instance may do, a sentence a line. It may do nothing else.
func Grants(p Parameters) []string { return nil }

// Warnings are what a person should know before saying yes, a sentence each.
func Warnings(p Parameters) []string { return nil }
