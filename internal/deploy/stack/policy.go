package stack

// PolicyDocument is the policy of the instance's role, as IAM takes it. The names of resources that AWS chooses when the stack is made
// end in *.
func PolicyDocument(p Parameters) map[string]any { return map[string]any{} }
