package cfntest

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Request is a call of a service.
type Request struct {
	Service, Action string
	Query           url.Values      // of the services that take forms
	JSON            json.RawMessage // of those that take JSON
	Path            string          // of those that have addresses
}

// Get is a parameter of a form.
func (q *Request) Get(name string) string { return q.Query.Get(name) }

// List are the members of a list in a form: "Name.member.1" in most services, "Name.1" in EC2.
func (q *Request) List(name string) []string {
	var all []string
	for n := 1; ; n++ {
		value, ok := q.Query[fmt.Sprintf("%s.member.%d", name, n)]
		if !ok {
			value, ok = q.Query[fmt.Sprintf("%s.%d", name, n)]
		}
		if !ok {
			return all
		}
		all = append(all, value[0])
	}
}

// Pairs are a list of keys and values in a form.
func (q *Request) Pairs(list, key, value string) map[string]string {
	all := map[string]string{}
	for n := 1; ; n++ {
		at := fmt.Sprintf("%s.member.%d.", list, n)
		if !q.Query.Has(at + key) {
			return all
		}
		all[q.Get(at+key)] = q.Get(at + value)
	}
}

// Answer makes what a service says: Fields or, of a service that speaks JSON, anything.
type Answer func(q *Request) (any, error)

// Error is what a service says when it does not do what it is asked.
type Error struct {
	Code, Message string
	Status        int // 400
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// refusal is the one code that CloudFormation has for most of what it refuses.
func refusal(format string, args ...any) error {
	return &Error{Code: "ValidationError", Message: fmt.Sprintf(format, args...)}
}

// Fields are elements of XML in their order: a text, Fields, or a list of Fields.
type Fields []Field

// Field is an element. A value of "" or nil is left out.
type Field struct {
	Name  string
	Value any
}

// json services by the name in their signature.
var speakJSON = map[string]bool{"ssm": true, "logs": true, "kinesis": true, "servicequotas": true, "pricing": true, "tagging": true}

func read(service string, r *http.Request, body []byte) *Request {
	q := &Request{Service: service, Path: r.URL.Path}
	switch {
	case speakJSON[service]:
		target := r.Header.Get("X-Amz-Target")
		q.Action, q.JSON = target[strings.LastIndexByte(target, '.')+1:], body
	case service == "route53":
		q.Query = r.URL.Query()
		q.Action = route53Action(r.Method, r.URL.Path)
	default:
		q.Query, _ = url.ParseQuery(string(body)) // what cannot be read has no action
		q.Action = q.Query.Get("Action")
	}
	return q
}

func route53Action(method, path string) string {
	path = strings.TrimPrefix(path, "/2013-04-01/")
	switch {
	case method == http.MethodGet && path == "hostedzone":
		return "ListHostedZones"
	case method == http.MethodGet && path == "hostedzonesbyname":
		return "ListHostedZonesByName"
	case method == http.MethodGet && strings.HasSuffix(path, "/rrset"):
		return "ListResourceRecordSets"
	case method == http.MethodGet && strings.HasPrefix(path, "hostedzone/"):
		return "GetHostedZone"
	}
	return method + " " + path
}

func (q *Request) reply(w http.ResponseWriter, result any, err error) {
	var told *Error
	switch {
	case errors.As(err, &told):
		status := told.Status
		if status == 0 {
			status = http.StatusBadRequest
		}
		q.refuse(w, status, told.Code, told.Message)
	case err != nil:
		q.refuse(w, http.StatusInternalServerError, "InternalFailure", err.Error())
	case speakJSON[q.Service]:
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_ = json.NewEncoder(w).Encode(result)
	default:
		fields, _ := result.(Fields)
		q.xml(w, fields)
	}
}

// xml writes the answers of the query protocols: results in an element of their own everywhere but in EC2 and Route 53, members of
// lists as "item" in EC2 and by their own name in Route 53.
func (q *Request) xml(w http.ResponseWriter, fields Fields) {
	w.Header().Set("Content-Type", "text/xml")
	var b strings.Builder
	b.WriteString(xml.Header + "<" + q.Action + "Response>")
	switch q.Service {
	case "ec2":
		fields.write(&b, "item")
	case "route53":
		fields.write(&b, "")
	default:
		b.WriteString("<" + q.Action + "Result>")
		fields.write(&b, "member")
		b.WriteString("</" + q.Action + "Result><ResponseMetadata><RequestId>request</RequestId></ResponseMetadata>")
	}
	b.WriteString("</" + q.Action + "Response>")
	fmt.Fprint(w, b.String())
}

func (f Fields) write(b *strings.Builder, member string) {
	for _, field := range f {
		switch value := field.Value.(type) {
		case string:
			if value != "" {
				open(b, field.Name, func() { _ = xml.EscapeText(b, []byte(value)) })
			}
		case Fields:
			open(b, field.Name, func() { value.write(b, member) })
		case []string:
			open(b, field.Name, func() {
				for _, one := range value {
					open(b, member, func() { _ = xml.EscapeText(b, []byte(one)) })
				}
			})
		case []Fields:
			open(b, field.Name, func() {
				for _, one := range value {
					if member == "" { // its only field names it
						one.write(b, member)
						continue
					}
					open(b, member, func() { one.write(b, member) })
				}
			})
		}
	}
}

func open(b *strings.Builder, name string, inside func()) {
	b.WriteString("<" + name + ">")
	inside()
	b.WriteString("</" + name + ">")
}

// refuse writes an error as the service's protocol has it.
func (q *Request) refuse(w http.ResponseWriter, status int, code, message string) {
	if speakJSON[q.Service] {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
		return
	}
	kind := "Sender"
	if status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	inner := Fields{{"Type", kind}, {"Code", code}, {"Message", message}}
	outer := Fields{{"ErrorResponse", Fields{{"Error", inner}, {"RequestId", "request"}}}}
	switch q.Service {
	case "ec2":
		outer = Fields{{"Response", Fields{{"Errors", Fields{{"Error", inner}}}, {"RequestID", "request"}}}}
	case "s3":
		outer = Fields{{"Error", inner}}
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	var b strings.Builder
	outer.write(&b, "member")
	fmt.Fprint(w, xml.Header+b.String())
}
