// Reads Kubernetes objects from standard input, one JSON object after the other, and prints what kstatus makes of
// each, one JSON object a line.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func judge(object json.RawMessage) (verdict, error) {
	// Unstructured's own reader keeps integers integers, which kstatus insists on.
	var read unstructured.Unstructured
	if err := read.UnmarshalJSON(object); err != nil {
		return verdict{}, err
	}
	result, err := status.Compute(&read)
	if err != nil {
		return verdict{}, err
	}
	return verdict{Status: result.Status.String(), Message: result.Message}, nil
}

func judgeAll(objects *json.Decoder, verdicts *json.Encoder) error {
	for {
		var object json.RawMessage
		if err := objects.Decode(&object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		found, err := judge(object)
		if err != nil {
			return err
		}
		if err := verdicts.Encode(found); err != nil {
			return err
		}
	}
}

func main() {
	if err := judgeAll(json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
