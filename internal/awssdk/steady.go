package awssdk

import (
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Steady keeps an HTTP client's connections open under the answers of quick servers. The SDK closes a request's body as soon as an
// answer begins, while net/http may still be looking for that body's end. A closed body of the SDK says io.EOF to that; net/http
// takes this for the end from Read, but for a failure from WriteTo, and then drops the connection: the answer breaks with "use of
// closed network connection", and what was done already is asked for again. So WriteTo is hidden.
func Steady(client aws.HTTPClient) aws.HTTPClient { return steady{client} }

type steady struct{ client aws.HTTPClient }

// Do implements aws.HTTPClient.
func (s steady) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.WithContext(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return s.client.Do(r)
}
