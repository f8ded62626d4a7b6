// Command protocol shows what Grafana's own code makes of the sidecar: `frames <folder>` decodes Arrow files with the
// plugin SDK, `client <locator> <token> <refId>...` talks to the sidecar through go-plugin's client, started by the
// locator as Grafana starts it. Both print JSON.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 3 {
		fail(fmt.Errorf("usage: protocol frames <folder> | protocol client <locator> <token>"))
	}
	var result any
	var err error
	switch os.Args[1] {
	case "frames":
		result, err = decodeFolder(os.Args[2])
	case "client":
		token := ""
		if len(os.Args) > 3 {
			token = os.Args[3]
		}
		result, err = talk(os.Args[2], token)
	default:
		err = fmt.Errorf("unknown command %q", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
