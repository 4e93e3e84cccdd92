package awssdk_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/helios-sql/helios/internal/awssdk"
)

// wire reads a request as net/http does: as many bytes as were announced, and then once more, to see that there are no others.
type wire func(body io.ReadCloser) error

func (w wire) Do(r *http.Request) (*http.Response, error) { return nil, w(r.Body) }

func TestARequestWhoseBodyTheSDKHasClosedEndsWell(t *testing.T) {
	said := ""
	answeredEarly := wire(func(body io.ReadCloser) error {
		announced, err := io.ReadAll(io.LimitReader(body, 5))
		require.NoError(t, err)
		said = string(announced)
		require.NoError(t, body.Close()) // as the SDK does when the answer is there
		_, err = io.Copy(io.Discard, body)
		return err
	})
	ask := func() *http.Request {
		request, ok := smithyhttp.NewStackRequest().(*smithyhttp.Request)
		require.True(t, ok)
		request, err := request.SetStream(strings.NewReader("hello"))
		require.NoError(t, err)
		return request.Build(t.Context())
	}
	_, err := answeredEarly.Do(ask())
	require.ErrorIs(t, err, io.EOF, "the SDK's body is not what this is for any more")
	_, err = awssdk.Steady(answeredEarly).Do(ask())
	require.NoError(t, err)
	require.Equal(t, "hello", said)
}
