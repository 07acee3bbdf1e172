// nacos-sdk is an observer for tests: the official Go SDK of Nacos behind standard input and output. It reads one JSON
// command a line and writes one JSON answer a line, {"id":1,"ok":true,...} or {"id":1,"error":"..."}, and an
// {"event":...} line for each push. What it sees is what an application with the official client sees.
//
//	{"id":1,"op":"publish","group":"G","dataId":"D","content":"..."}
//	{"id":2,"op":"get","group":"G","dataId":"D"}           -> "content", empty when absent
//	{"id":3,"op":"remove","group":"G","dataId":"D"}
//	{"id":4,"op":"listen","group":"G","dataId":"D"}        -> then {"event":"config","group","dataId","content"}
//
// It ends when its input ends. The password comes in NACOS_PASSWORD, so that no process list shows it.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"log"
	"os"
	"sync"

	"github.com/nacos-group/nacos-sdk-go/v2/clients"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/config_client"
	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

// maxLineBytes is above what a server accepts as one config.
const maxLineBytes = 32 << 20

type command struct {
	ID      int    `json:"id"`
	Op      string `json:"op"`
	Group   string `json:"group"`
	DataID  string `json:"dataId"`
	Content string `json:"content"`
}

type answer struct {
	ID      int     `json:"id"`
	OK      bool    `json:"ok,omitempty"`
	Content *string `json:"content,omitempty"`
	Error   string  `json:"error,omitempty"`
}

type event struct {
	Event   string `json:"event"`
	Group   string `json:"group"`
	DataID  string `json:"dataId"`
	Content string `json:"content"`
}

// output writes one JSON value a line; pushes and answers come from several goroutines.
type output struct {
	mutex   sync.Mutex
	encoder *json.Encoder
}

func (o *output) write(value any) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if err := o.encoder.Encode(value); err != nil {
		log.Fatal(err)
	}
}

func main() {
	host := flag.String("host", "127.0.0.1", "address of the Nacos server")
	port := flag.Uint64("port", 8848, "its HTTP port; gRPC is at +1000")
	namespace := flag.String("namespace", "", "namespace id; empty is the public one")
	username := flag.String("username", "nacos", "user to log in as; the password is read from NACOS_PASSWORD")
	dir := flag.String("dir", os.TempDir(), "folder of the SDK's log and cache")
	flag.Parse()

	configs, err := clients.NewConfigClient(vo.NacosClientParam{
		ServerConfigs: []constant.ServerConfig{*constant.NewServerConfig(*host, *port)},
		ClientConfig: constant.NewClientConfig(
			constant.WithNamespaceId(*namespace),
			constant.WithUsername(*username),
			constant.WithPassword(os.Getenv("NACOS_PASSWORD")),
			constant.WithLogDir(*dir+"/log"),
			constant.WithCacheDir(*dir+"/cache"),
			constant.WithLogLevel("warn"),
			// An observer that answers from its disk would hide what the server lost.
			constant.WithNotLoadCacheAtStart(true),
			constant.WithDisableUseSnapShot(true),
		),
	})
	if err != nil {
		log.Fatal(err)
	}

	out := &output{encoder: json.NewEncoder(os.Stdout)}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 0, 64<<10), maxLineBytes)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			log.Fatalf("not a command: %v", err)
		}
		// The SDK blocks; commands run beside each other so that a slow one holds up nothing.
		go func() { out.write(run(configs, out, c)) }()
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}

func run(configs config_client.IConfigClient, out *output, c command) answer {
	param := vo.ConfigParam{Group: c.Group, DataId: c.DataID, Content: c.Content}
	var err error
	var content *string
	ok := true
	switch c.Op {
	case "publish":
		ok, err = configs.PublishConfig(param)
	case "get":
		var text string
		text, err = configs.GetConfig(param)
		content = &text
	case "remove":
		ok, err = configs.DeleteConfig(param)
	case "listen":
		param.OnChange = func(_, group, dataID, content string) {
			out.write(event{Event: "config", Group: group, DataID: dataID, Content: content})
		}
		err = configs.ListenConfig(param)
	default:
		return answer{ID: c.ID, Error: "unknown op " + c.Op}
	}
	if err != nil {
		return answer{ID: c.ID, Error: err.Error()}
	}
	if !ok {
		return answer{ID: c.ID, Error: "the server refused"}
	}
	return answer{ID: c.ID, OK: true, Content: content}
}
