package stack

import "github.com/helios-sql/helios/internal/fault"

// Template is the CloudFormation template of a deployment, as YAML of less than 51,200 bytes, the most that CloudFormation takes in
// a request. The same parameters give the same bytes.
func Template(p Parameters) ([]byte, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	return nil, fault.New(fault.Internal, "the template of %s cannot be made yet", p.Name)
}

// Values are the parameters of the template as CloudFormation takes them: what a pipeline may change without another template.
func (p Parameters) Values() map[string]string { return map[string]string{} }

// Read gives back the parameters that a template was made of. values are those of CloudFormation that a stack has now: they win, for
// somebody may have changed them since. nil is the template's own.
func Read(template []byte, values map[string]string) (Parameters, error) {
	return Parameters{}, fault.New(fault.Internal, "a template of %d bytes with %d values cannot be read yet", len(template), len(values))
}
